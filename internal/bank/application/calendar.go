package application

import "time"

// People are called from 9 to 20 where they live, at weekends from 10 to 18.
func callingHours(day time.Weekday) (from, to int) {
	if day == time.Saturday || day == time.Sunday {
		return 10, 18
	}
	return 9, 20
}

// window gives the calling time of the day of t in its zone.
func window(t time.Time) (from, to time.Time) {
	y, m, d := t.Date()
	begins, ends := callingHours(t.Weekday())
	return time.Date(y, m, d, begins, 0, 0, 0, t.Location()), time.Date(y, m, d, ends, 0, 0, 0, t.Location())
}

// callFrom gives the first moment from t on at which one may call in a zone.
func callFrom(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	from, to := window(t)
	switch {
	case t.Before(from):
		return from
	case t.Before(to):
		return t
	}
	from, _ = window(from.AddDate(0, 0, 1))
	return from
}

// callable tells whether one may call at t in a zone.
func callable(t time.Time, zone *time.Location) bool { return callFrom(t, zone).Equal(t) }

// promiseIn is how much calling time the bank gives itself for a first call.
const promiseIn = 4 * time.Hour

// promise gives by when a person is called: so much calling time from t on.
func promise(t time.Time, zone *time.Location) time.Time {
	left := promiseIn
	for {
		t = callFrom(t, zone)
		_, to := window(t)
		if rest := to.Sub(t); rest >= left {
			return t.Add(left)
		} else {
			left -= rest
		}
		t = to
	}
}
