"""What the command line asks the read models."""

import pytest

from couvert.domain.delivery import State
from couvert.domain.refusals import Unavailable
from couvert.readmodels.folds import Status
from couvert.readmodels.read import ReadModels
from couvert.readmodels.rebuild import rebuild
from tests.readmodels.following import follow


async def test_a_mail_with_its_counts(world):
    mail_id = await world.accept(4)
    await world.work("taken", "refused", "unknown")
    follow(world.directory)

    with ReadModels(world.directory) as models:
        mail = models.mail(mail_id)

    assert mail is not None
    assert {state: count for state, count in mail.counts.items() if count} == {
        State.QUEUED: 1, State.SENT: 1, State.FAILED: 1, State.UNKNOWN: 1,
    }  # fmt: skip
    assert mail.status is Status.QUEUED


async def test_a_mail_that_is_not_there(world):
    follow(world.directory)

    with ReadModels(world.directory) as models:
        assert models.mail(5) is None


async def test_totals_and_how_far_they_go(world):
    await world.accept(2)
    await world.accept()
    await world.work("taken")
    follow(world.directory, up_to=3)

    with ReadModels(world.directory) as models:
        assert models.position() == 3
        assert models.totals() == dict.fromkeys(State, 0) | {State.QUEUED: 3}


async def test_an_open_reader_follows_to_another_file(world):
    await world.accept()
    follow(world.directory)
    with ReadModels(world.directory) as models:
        assert models.position() == 1
        await world.work("taken")

        rebuild(world.directory)

        assert models.position() == 3


async def test_before_anything_was_followed_there_is_nothing_to_read(world):
    with ReadModels(world.directory) as models, pytest.raises(Unavailable):
        models.position()

    assert list(world.directory.glob("readmodels-*")) == []


def test_without_a_database_there_is_nothing_to_read(tmp_path):
    with pytest.raises(Unavailable):
        ReadModels(tmp_path)

    assert list(tmp_path.iterdir()) == []
