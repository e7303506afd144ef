-- The schema duplication holds what people call, read and edit; _duplication holds everything else.
-- The schemas are looked up first: `if not exists` needs the right to create schemas even if they exist.
do $$
begin
    if to_regnamespace('duplication') is null then
        create schema duplication;
    end if;
    if to_regnamespace('_duplication') is null then
        create schema _duplication;
    end if;
    -- The same table as alembic creates, for installations that are made without alembic.
    if to_regclass('_duplication.alembic_version') is null then
        create table _duplication.alembic_version (
            version_num varchar(32) not null constraint alembic_version_pkc primary key
        );
    end if;
end
$$;
comment on schema duplication is
'Duplicates trees of rows: what people call, read and edit. List it with \df duplication.* and \dt duplication.*';
comment on schema _duplication is
'The internal part of the schema duplication: plans, pieces, compiled statements, internal routines.';

comment on table _duplication.alembic_version is
'The newest revision, for alembic. The installed version is what duplication.version() returns.';
