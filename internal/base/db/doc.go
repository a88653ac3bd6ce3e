// Package db gives every room one way to talk to either database.
//
// There is one set of queries for both engines: hand-written SQL with $1
// placeholders, declared next to the code that runs it with [Query] or
// [NewInsert], so that a test can prepare each of them on SQLite and on
// PostgreSQL. A use case that changes something runs in [DB.Write]; the
// closure may run again (serialization failure, deadlock, lost connection)
// and so touches nothing outside but its own result.
//
// SQLite has one writer connection and a pool of readers; closures that wait
// together share one durable commit, each under its own savepoint.
// PostgreSQL has one bounded pool.
package db
