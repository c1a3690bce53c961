"""Wrong use ends with one line that says what to do."""

import sys

import pytest

from couvert.cli import main


@pytest.fixture
def refused(monkeypatch, capsys):
    """What is said of a command line that is wrong."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["couvert", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        return capsys.readouterr().err

    return run


def test_a_mistyped_command_is_answered_with_what_is_near(refused):
    assert "Did you mean 'serve'" in refused("serv")


def test_a_hidden_command_is_suggested_to_nobody(refused):
    assert "tell-webhooks" not in refused("webhooks")


def test_what_an_option_may_be_is_said_in_plain_words(refused):
    said = refused("suppression", "add", "bob@example.org", "--reason", "no")

    assert said.startswith("couvert: Invalid value for '--reason': 'no' is not one of 'hard_bounce'")
