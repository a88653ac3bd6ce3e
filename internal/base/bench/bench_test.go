package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunCountsWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Load{Callers: 4, For: time.Second}
		out, err := Run(context.Background(), l, func(i int) Caller {
			return func(context.Context) (bool, error) {
				time.Sleep(10 * time.Millisecond)
				return i != 0, nil // the first caller is always refused
			}
		})
		if err != nil || out.Failed() != nil {
			t.Fatal(err, out.Failed())
		}
		if out.Ops != 300 || out.Elapsed != time.Second {
			t.Errorf("%d ops in %v", out.Ops, out.Elapsed)
		}
		f := out.Figure("ledger", "sqlite", l)
		if f.P50 < 10 || f.P50 > 10.5 || f.PerS != float64(f.Ops) {
			t.Errorf("%+v", f)
		}
		var b strings.Builder
		if err := f.Print(&b, true); err != nil || !strings.HasPrefix(b.String(), `{"bench":"ledger","engine":"sqlite","callers":4,"seconds":1,"ops":`) {
			t.Errorf("%s %v", &b, err)
		}
	})
}

func TestErrorsFailTheBench(t *testing.T) {
	boom := errors.New("boom")
	out, err := Run(context.Background(), Load{Callers: 1, For: time.Millisecond}, func(int) Caller {
		return func(context.Context) (bool, error) { return false, boom }
	})
	if err != nil || !errors.Is(out.Failed(), boom) || !errors.Is(out.Failed(), ErrFailed) {
		t.Error(err, out.Failed())
	}
}

func TestQuantilesAreClose(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h histogram
	var all []time.Duration
	for range 10000 {
		d := time.Duration(r.ExpFloat64() * float64(5*time.Millisecond)).Truncate(time.Microsecond)
		h.note(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.99, 0.999} {
		want := all[int(q*9999)]
		if got := h.quantile(q); got < want || float64(got) > 1.04*float64(want)+2000 {
			t.Errorf("q %v: %v, want %v", q, got, want)
		}
	}
	if bucket(1<<62) != len(h.buckets)-1 {
		t.Error("an endless wait does not fit")
	}
}
