package application_test

import (
	"slices"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
)

// A wrong number ends the call: the manager is warned of it from then on, it
// counts as no talk, and a second outcome of the same call is refused.
func TestWrongNumber(t *testing.T) {
	each(t, func(w *world, _ *moving) {
		_, _, key := submitted(w, anya)
		a, by := w.Apply, accesstest.Manager
		if err := a.Take(bg, by, key); err != nil {
			w.Fatal(err)
		}
		before, err := a.Read(bg, by, key, "первый звонок клиенту")
		if err != nil || slices.Contains(before.Warnings, "application.warn_number") {
			w.Fatal(before.Warnings, err)
		}
		call, err := a.BeginCall(bg, by, key, false)
		if err != nil {
			w.Fatal(err)
		}
		if err := a.RecordCall(bg, by, key, call.ID, application.WrongNumber, time.Time{}, "ответил чужой человек"); err != nil {
			w.Fatal(err)
		}
		after, err := a.Read(bg, by, key, "смотрим, что с номером")
		if err != nil || !slices.Contains(after.Warnings, "application.warn_number") || len(after.Calls) != 1 ||
			after.Calls[0].Outcome != application.WrongNumber || after.Calls[0].Note != "ответил чужой человек" || after.NoAnswers != 0 {
			w.Errorf("%v, %+v, %v", after.Warnings, after.Calls, err)
		}
		if err := a.RecordCall(bg, by, key, call.ID, application.Reached, time.Time{}, ""); err == nil {
			w.Error("one call has two outcomes")
		}
		_, err = a.Approve(bg, by, key, application.Checks())
		wants(w, "nobody has spoken with her", err, application.ErrNoCall)
	})
}
