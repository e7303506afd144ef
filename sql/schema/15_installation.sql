-- Which installation this database is: one row.

create table _duplication.installation (
    singleton boolean primary key default true
        constraint installation_is_one_row check (singleton),
    id uuid not null default gen_random_uuid(),
    purged_xid xid8 not null default '0'
);
insert into _duplication.installation default values;
comment on table _duplication.installation is 'Which installation this database is: one row. adopt() makes it another.';
comment on column _duplication.installation.id is
'Names this database in messages, so that a worker leaves alone what another database''s driver sent, and in cursors '
'of its feed.';
comment on column _duplication.installation.purged_xid is
'How far the feed was purged. A reader whose cursor is older starts anew.';
