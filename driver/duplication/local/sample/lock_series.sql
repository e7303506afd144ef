-- Lock the series, as an application that is at work on it does.
select from public.series for update
