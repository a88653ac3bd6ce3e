// Package bench puts load on something and says how fast it was: so many
// callers, each doing one thing after the other, for so long. It counts only
// what really happened and measures how long each caller waited for it.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sync"
	"time"
)

// Load says how hard to push.
type Load struct {
	Callers int
	For     time.Duration
}

// Caller does the thing once. It tells whether it counts: a refusal does not.
type Caller func(ctx context.Context) (counts bool, err error)

// Outcome is what a run came to.
type Outcome struct {
	Ops     int64 // what counted, the answers under way at the end included
	Errors  int64
	Err     error         // the first of them
	Elapsed time.Duration // until the last answer
	lat     histogram
}

// Run lets each caller work until the time is over and waits for the answers
// under way. start makes the thing that caller number i does.
func Run(ctx context.Context, l Load, start func(i int) Caller) (Outcome, error) {
	if l.Callers < 1 || l.For <= 0 {
		return Outcome{}, fmt.Errorf("bench: %d callers for %v is no load", l.Callers, l.For)
	}
	parts := make([]Outcome, l.Callers)
	var wg sync.WaitGroup
	began := time.Now()
	until := began.Add(l.For)
	for i := range parts {
		wg.Add(1)
		do := start(i)
		go func() {
			defer wg.Done()
			parts[i].loop(ctx, do, until)
		}()
	}
	wg.Wait()
	out := Outcome{Elapsed: time.Since(began)}
	for i := range parts {
		out.add(&parts[i])
	}
	return out, ctx.Err()
}

func (o *Outcome) loop(ctx context.Context, do Caller, until time.Time) {
	for {
		t := time.Now()
		if !t.Before(until) || ctx.Err() != nil {
			return
		}
		counts, err := do(ctx)
		switch {
		case err != nil:
			o.Errors++
			if o.Err == nil {
				o.Err = err
			}
			if o.Errors > 1000 {
				return // something is broken; do not spin
			}
		case counts:
			o.Ops++
			o.lat.note(time.Since(t))
		}
	}
}

func (o *Outcome) add(p *Outcome) {
	o.Ops += p.Ops
	o.Errors += p.Errors
	if o.Err == nil {
		o.Err = p.Err
	}
	o.lat.add(&p.lat)
}

// Figure is one measured line, as scripts read it.
type Figure struct {
	Bench   string  `json:"bench"`
	Engine  string  `json:"engine"`
	Callers int     `json:"callers"`
	Seconds float64 `json:"seconds"`
	Hot     float64 `json:"hot,omitempty"`
	Ops     int64   `json:"ops"`
	PerS    float64 `json:"per_s"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Errors  int64   `json:"errors"`
}

// Figure names an outcome.
func (o *Outcome) Figure(bench, engine string, l Load) Figure {
	ms := func(d time.Duration) float64 { return float64(d.Round(10*time.Microsecond)) / 1e6 }
	return Figure{
		Bench: bench, Engine: engine, Callers: l.Callers, Seconds: l.For.Seconds(),
		Ops: o.Ops, PerS: float64(int64(10*float64(o.Ops)/o.Elapsed.Seconds())) / 10,
		P50: ms(o.lat.quantile(0.50)), P99: ms(o.lat.quantile(0.99)), Errors: o.Errors,
	}
}

// Print writes a figure for people or, as JSON, for scripts.
func (f Figure) Print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(f)
	}
	hot := ""
	if f.Hot > 0 {
		hot = fmt.Sprintf(", %g of all on one account", f.Hot)
	}
	_, err := fmt.Fprintf(w, "%s on %s: %d callers%s, %g s: %d done, %.0f/s, p50 %.2f ms, p99 %.2f ms, %d errors\n",
		f.Bench, f.Engine, f.Callers, hot, f.Seconds, f.Ops, f.PerS, f.P50, f.P99, f.Errors)
	return err
}

// ErrFailed tells that a run had errors: it is no measurement.
var ErrFailed = errors.New("the bench had errors and measured nothing")

// Failed gives the error of a run that had any.
func (o *Outcome) Failed() error {
	if o.Errors == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d of them, the first: %w", ErrFailed, o.Errors, o.Err)
}

// histogram keeps durations in buckets of 1/32 of their size, from a
// microsecond to hours, without growing.
type histogram struct {
	n       int64
	buckets [40 * 32]int64
}

func bucket(d time.Duration) int {
	us := uint64(max(d/time.Microsecond, 0))
	if us < 32 {
		return int(us)
	}
	shift := bits.Len64(us) - 6
	return min(32*(shift+1)+int(us>>shift)-32, 40*32-1)
}

// top gives the upper end of a bucket.
func top(i int) time.Duration {
	if i < 32 {
		return time.Duration(i+1) * time.Microsecond
	}
	shift := i/32 - 1
	return time.Duration((i%32+32+1)<<shift) * time.Microsecond
}

func (h *histogram) note(d time.Duration) {
	h.n++
	h.buckets[bucket(d)]++
}

func (h *histogram) add(o *histogram) {
	h.n += o.n
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

func (h *histogram) quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank, seen := int64(q*float64(h.n-1)), int64(0)
	for i, n := range h.buckets {
		if seen += n; seen > rank {
			return top(i)
		}
	}
	return top(len(h.buckets) - 1)
}
