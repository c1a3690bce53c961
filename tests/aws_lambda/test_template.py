"""The SAM template: what a linter can know of it, and what it promises to couvert."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

from couvert.aws_lambda.time_left import HAND_OVER_SECONDS
from couvert.settings import Settings

TEMPLATE = Path(__file__).parents[2] / "deploy" / "aws" / "template.yaml"


@pytest.fixture(scope="module")
def template():
    return cfn_yaml.load(str(TEMPLATE))


@pytest.fixture(scope="module")
def functions(template):
    return [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]


@pytest.mark.slow
def test_the_linter_has_nothing_to_say():
    linted = subprocess.run(
        [sys.executable, "-c", "from cfnlint.runner import main; main()", "--include-checks", "I", "--", str(TEMPLATE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (linted.stdout, linted.stderr, linted.returncode) == ("", "", 0)


def test_every_handler_is_there(functions):
    for function in functions:
        module, _, name = function["Properties"]["Handler"].rpartition(".")
        assert importlib.util.find_spec(module) is not None
        assert name == "handler"


def test_every_variable_is_a_setting(template, functions):
    environments = [template["Globals"]["Function"], *(function["Properties"] for function in functions)]

    names = {name for each in environments for name in each["Environment"]["Variables"]}

    assert names <= {f"COUVERT_{name.upper()}" for name in Settings.model_fields}


def test_a_message_is_hidden_for_six_times_as_long_as_a_batch_may_take(template):
    resources = template["Resources"]
    timeout = resources["QueueFunction"]["Properties"]["Timeout"]

    assert resources["ProcessingQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout
    assert timeout > 2 * HAND_OVER_SECONDS


def test_only_what_was_not_committed_comes_again(template):
    bulk = template["Resources"]["QueueFunction"]["Properties"]["Events"]["Bulk"]["Properties"]

    assert bulk["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert bulk["BatchSize"] == 10


def test_no_two_containers_write_to_one_sqlite(template, functions):
    assert template["Globals"]["Function"]["ReservedConcurrentExecutions"] == 1
    assert sorted(function["Condition"] for function in functions) == ["HasApi", "HasQueue"]
    assert set(template["Parameters"]["Doors"]["AllowedValues"]) == {"api", "queue"}


def test_the_queue_of_notices_believes_their_topic_alone(template):
    [statement] = template["Resources"]["NoticeQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "NoticeTopic"}}}
