"""A list of recipients is taken as it was meant, or not at all: what cannot be meant is named with its line."""

import pytest

from couvert.cli.letter_files import read_recipients
from couvert.domain.mail import Recipient
from couvert.domain.refusals import RuleBroken


@pytest.fixture
def read(tmp_path):
    def read_text(text: str):
        (tmp_path / "list.csv").write_text(text, newline="")
        return read_recipients(tmp_path / "list.csv")

    return read_text


def test_each_line_is_a_recipient_with_the_columns_it_has(read):
    found = read('\ufeffEmail;name;code;;\r\nalice@example.com;"Alice; ""A.""";1234;;\r\n\r\nbob@example.com\r\n')

    assert found.recipients == [
        Recipient("alice@example.com", 'Alice; "A."', variables={"code": "1234"}),
        Recipient("bob@example.com"),
    ]
    assert found.faults == []


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("email,name,name", '"name" and "name"'),
        ("email,name,Name", '"name" and "Name"'),
        ("email,mail", '"email" and "mail"'),
        ("email,code,code", '"code" and "code"'),
    ],
)
def test_a_column_that_is_named_twice_is_refused(read, header, columns):
    with pytest.raises(RuleBroken, match=rf"line 1: the columns {columns} mean the same; keep one of them$"):
        read(f"{header}\nalice@example.com,a,b\n")


def test_a_line_with_more_cells_than_columns_is_at_fault(read):
    found = read("email,name\nalice@example.com,Alice\nbob@example.com,Bob,1234\ncharlie@example.com,Charlie,\n")

    assert found.faults == ["line 3: has 3 cells, and the first line names 2 columns"]
    assert [recipient.name for recipient in found.recipients] == ["Alice", "Charlie"]


@pytest.mark.parametrize(
    "text",
    [
        'email,name\nalice@example.com,Alice\nbob@example.com,"Bob\ncharlie@example.com,Charlie\n',
        'email,name\nalice@example.com,Alice\nbob@example.com,"Bob\ncharlie@example.com,"Charlie"\n',
        'email,name\nalice@example.com,Alice\nbob@example.com,"Bob" the builder\n',
    ],
    ids=["never closed", "closed by the next one's", "closed too early"],
)
def test_a_quote_that_is_left_open_is_found_on_its_line(read, text):
    with pytest.raises(RuleBroken, match=r'line 3: cannot be read \(.+\); a cell that begins with " ends with one'):
        read(text)


def test_a_cell_that_goes_over_lines_is_at_fault_on_its_first(read):
    found = read('email,name\n"alice@example.com","Alice\nof Wonderland"\nbob,Bob\n')

    assert [fault.partition(":")[0] for fault in found.faults] == ["line 2", "line 4"]


def test_a_header_alone_is_no_list(read):
    with pytest.raises(RuleBroken, match="has no recipients; they stand below the first line"):
        read("email,name\n\n , \n")


@pytest.mark.parametrize("text", ["", "\n", "alice@example.com\n", "name;company\n"])
def test_a_first_line_without_email_is_refused(read, text):
    with pytest.raises(RuleBroken, match='line 1: must name the columns, one of them "email"'):
        read(text)
