"""A key that is remembered is only a guess: what is decided on it is checked where it counts."""

import pytest

from couvert.commands.accept import AcceptMails
from couvert.commands.keys import Keys
from couvert.domain.refusals import Conflict
from tests.commands.desk import mail


async def test_a_key_is_remembered_once_it_was_looked_for(keys: Keys):
    created = await keys.create(name="app", origins=["app.example.com"], expires_at=None)
    assert keys.recall(created.secret) is None

    found = await keys.find(created.secret)

    assert keys.recall(created.secret) == found


async def test_a_key_changed_here_is_forgotten(keys: Keys):
    created = await keys.create(name="app", origins=["app.example.com"], expires_at=None)
    await keys.find(created.secret)

    await keys.delete(created.secret)

    recalled = keys.recall(created.secret)
    assert recalled is None or not recalled.key.is_active


async def test_a_mail_with_a_key_that_another_process_deleted_is_not_accepted(keys: Keys, mails: AcceptMails):
    created = await keys.create(name="app", origins=["app.example.com"], expires_at=None)
    await keys.find(created.secret)
    await Keys(keys.store, keys.ids, keys.now_ms).delete(created.secret)

    with pytest.raises(Conflict):
        await mails.accept(mail(), key=keys.recall(created.secret))
