"""Finds the mails of a filter, newest first: the rarest condition leads, and the others are looked up for each mail.

Whatever leads is an index in the order of the mails' ids, so a page is read where it stands and nothing is sorted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from couvert.readmodels import pages
from couvert.readmodels.fetch import fetch
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.marks import Marker


class Lead(NamedTuple):
    """A condition that has an index: where its mails come from, and how to ask one mail whether it holds."""

    source: str
    id: str
    where: str
    lookup: str = ""
    """Of a mail whose id `{id}` stands for."""
    lookup_of_few: str = ""
    """Where so few meet the condition that they are better listed beforehand."""
    values: tuple[str, ...] = ()


_ALL: Final = Lead("mail", "mail_id", "true")


class Search:
    """One filter on one file, at one moment: use it within a snapshot."""

    def __init__(self, models: sqlite3.Connection, wanted: MailFilter, marker: Marker) -> None:
        self._models = models
        self._first, self._end = wanted.ids
        leads = _leads(wanted, marker) or [_ALL]
        self._sizes = {lead: self._size(lead) for lead in leads}
        self._lead, *self._others = sorted(leads, key=self._sizes.__getitem__)

    def ids(self, *, below: int | None, limit: int, skip: int) -> list[int]:
        """The newest of those with a lower id than `below`."""
        sql, values = self._select(below)
        return fetch(self._models, f"select json_group_array(id) from ({sql} limit ? offset ?)", *values, limit, skip)

    def total(self) -> int | None:
        """None if there are more than `MOST_COUNTED`."""
        count = self._count(*self._select(None)) if self._others else self._sizes[self._lead]
        return count if count <= pages.MOST_COUNTED else None

    def plan(self) -> list[str]:
        """How SQLite goes about it, for tests."""
        sql, values = self._select(None)
        return [str(row[3]) for row in self._models.execute(f"explain query plan {sql}", values)]

    def _select(self, below: int | None) -> tuple[str, tuple[object, ...]]:
        lead = self._lead
        lookups = [self._lookup(other).format(id=lead.id) for other in self._others]
        conditions = " and ".join([lead.where, f"{lead.id} >= ?", f"{lead.id} < ?", *lookups])
        sql = f"select {lead.id} as id from {lead.source} where {conditions} order by {lead.id} desc"
        end = self._end if below is None else min(self._end, below)
        looked_up = [value for other in self._others for value in other.values]
        return sql, (*lead.values, self._first, end, *looked_up)

    def _lookup(self, lead: Lead) -> str:
        is_few = self._sizes[lead] <= pages.MOST_COUNTED
        return (is_few and lead.lookup_of_few) or lead.lookup

    def _size(self, lead: Lead) -> int:
        sql = f"select 1 from {lead.source} where {lead.where} and {lead.id} >= ? and {lead.id} < ?"
        return self._count(sql, (*lead.values, self._first, self._end))

    def _count(self, sql: str, values: Sequence[object]) -> int:
        counting = f"select count(*) from ({sql} limit {pages.MOST_COUNTED + 1})"
        [(count,)] = self._models.execute(counting, tuple(values)).fetchall()
        return int(count)


def _leads(wanted: MailFilter, marker: Marker) -> list[Lead]:
    leads = []
    if marks := wanted.marks(marker):
        one = "exists (select 1 from mark m where m.mark match ? and m.rowid = {id})"
        all_ = "{id} in (select rowid from mark where mark match ?)"
        leads.append(Lead("mark", "mark.rowid", "mark match ?", one, all_, (marks,)))
    if wanted.status is not None:
        lookup = "(select status from mail m where m.mail_id = {id}) = ?"
        source = "mail indexed by mail_status"
        leads.append(Lead(source, "mail.mail_id", "status = ?", lookup, values=(str(wanted.status),)))
    if wanted.state is not None:
        column = str(wanted.state)
        lookup = f"(select {column} from mail m where m.mail_id = {{id}}) > 0"
        leads.append(Lead(f"mail indexed by mail_{column}", "mail.mail_id", f"{column} > 0", lookup))
    return leads
