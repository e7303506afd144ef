-- Which installation this database is: one row.

create table _duplication.installation (
    singleton boolean primary key default true
        constraint installation_is_one_row check (singleton),
    id uuid not null default gen_random_uuid(),
    purged_xid xid8 not null default '0'
);
insert into _duplication.installation default values;
comment on table _duplication.installation is 'Which installation this database is: one row. adopt() makes a new id.';
comment on column _duplication.installation.id is
'Identifies this database in messages and in cursors of its feed. A worker leaves messages with another id alone.';
comment on column _duplication.installation.purged_xid is
'The newest transaction whose events were purged. A reader with an older cursor has to begin anew.';
