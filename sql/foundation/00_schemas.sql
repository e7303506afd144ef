-- What people call, read and edit is in duplication; everything else is in _duplication.
-- Looked up first: `if not exists` wants the right to create schemas even where there is nothing to create.
do $$
begin
    if to_regnamespace('duplication') is null then
        create schema duplication;
    end if;
    if to_regnamespace('_duplication') is null then
        create schema _duplication;
    end if;
    -- As alembic makes it, for installations that alembic has not made.
    if to_regclass('_duplication.alembic_version') is null then
        create table _duplication.alembic_version (
            version_num varchar(32) not null constraint alembic_version_pkc primary key
        );
    end if;
end
$$;
comment on schema duplication is
'Duplicates trees of rows: what you call, read and edit. \df duplication.* and \dt duplication.* list it.';
comment on schema _duplication is
'The engine of the schema duplication: plans, pieces, compiled statements, internal routines.';

comment on table _duplication.alembic_version is
'The newest revision, for alembic. What is installed is what duplication.version() says.';
