package db

import "github.com/jackc/pgx/v5"

// TracePostgres lets a test see each statement of the connections that
// migrations open.
func (d *DB) TracePostgres(t pgx.QueryTracer) { d.pgcfg.Tracer = t }
