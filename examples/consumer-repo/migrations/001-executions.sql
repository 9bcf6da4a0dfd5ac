-- What was executed, for reports. Results themselves live in Dragonfly for a day.
CREATE TABLE executions (
    id text PRIMARY KEY,
    words integer NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now()
);
