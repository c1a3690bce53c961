"""Which file the read models are in, and with what they hide."""

from __future__ import annotations

from typing import Final

READ_MODELS: Final = """
-- The read models' file, so that a rebuilt one takes over in a transaction.
create table read_models (only integer primary key check (only = 1), file text not null) strict;
insert into read_models values (1, 'readmodels-1.db');
-- With this key the read models' index of the vault hides what it is made of.
create table mark_key (only integer primary key check (only = 1), key blob not null) strict;
insert into mark_key values (1, randomblob(32));
"""
