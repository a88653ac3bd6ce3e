// Package tariff keeps the bank's prices as data and works a fee out of them.
//
// A tariff is a version: a number, a moment from which it is in force, and
// rules. A rule is the price of one kind of operation towards one bank, or any,
// within a band of sums: a share in parts per million, a least and a most fee,
// and a part of the month that is free. Nothing else about a fee is written in
// code. Bank staff write versions as files (see Parse and docs/tariffs.md),
// `rocketbank tariff import` keeps them, and a version that is in force never
// changes, so that a fee of the past can be worked out again for ever.
//
// The one rounding rule is half a kopeck up, named where the share is taken.
package tariff
