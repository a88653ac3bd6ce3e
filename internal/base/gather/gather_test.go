package gather_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/gather"
)

type ask = gather.Ask[int, string]

// Questions that come while a query runs are answered by the next one together,
// each with its own answer, and never by one that had begun before they came.
func TestQuestionsGather(t *testing.T) {
	const callers = 100
	started, free := make(chan bool, callers), make(chan bool)
	var mu sync.Mutex
	var batches []int
	l := gather.New(32, time.Minute, func(_ context.Context, batch []*ask) error {
		mu.Lock()
		batches = append(batches, len(batch))
		mu.Unlock()
		started <- true
		<-free
		for _, a := range batch {
			if a.Question == 13 {
				a.Err = errors.New("unlucky")
				continue
			}
			a.Answer = fmt.Sprint(a.Question)
		}
		return nil
	})
	var wg sync.WaitGroup
	find := func(n int) {
		wg.Go(func() {
			got, err := l.Find(n)
			if n == 13 {
				if err == nil || got != "" {
					t.Errorf("13 is answered %q, %v", got, err)
				}
			} else if err != nil || got != fmt.Sprint(n) {
				t.Errorf("%d is answered %q, %v", n, got, err)
			}
		})
	}
	find(0)
	<-started // the first is at the database: the rest must wait
	for n := 1; n < callers; n++ {
		find(n)
	}
	for l.Waiting() < callers-1 {
		time.Sleep(time.Millisecond)
	}
	close(free)
	wg.Wait()
	if want := []int{1, 32, 32, 32, 3}; !slices.Equal(batches, want) {
		t.Errorf("batches of %v, want %v", batches, want)
	}
	if got, err := l.Find(7); got != "7" || err != nil {
		t.Errorf("afterwards %q, %v", got, err)
	}
}

// A query that fails fails for everybody who took part, and one that panics
// leaves nobody waiting.
func TestFailuresReachEverybody(t *testing.T) {
	broken := errors.New("broken")
	started, free := make(chan bool, 1), make(chan bool)
	round := 0
	l := gather.New(8, time.Minute, func(_ context.Context, batch []*ask) error {
		switch round++; round {
		case 1:
			started <- true
			<-free
			return broken
		case 2:
			panic("the reader has a bug")
		}
		for _, a := range batch {
			a.Answer = "well"
		}
		return nil
	})
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	wg.Go(func() { _, err := l.Find(1); errs <- err })
	<-started
	for n := range 3 {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs <- errors.New("panicked")
				}
			}()
			_, err := l.Find(n)
			errs <- err
		})
	}
	for l.Waiting() < 3 {
		time.Sleep(time.Millisecond)
	}
	close(free)
	wg.Wait()
	close(errs)
	var got []string
	for err := range errs {
		got = append(got, fmt.Sprint(err))
	}
	slices.Sort(got)
	if want := []string{"broken", "gather: the query that was to answer panicked", "gather: the query that was to answer panicked", "panicked"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if got, err := l.Find(1); got != "well" || err != nil {
		t.Errorf("afterwards %q, %v", got, err)
	}
}

func TestPadded(t *testing.T) {
	sizes := gather.Powers(32, func(n int) int { return n })
	for n := 1; n <= 32; n++ {
		list := make([]int, n)
		list[n-1] = 9
		place, padded := gather.Padded(list)
		if sizes[place] != len(padded) || sizes[place] < n || place > 0 && sizes[place-1] >= n || padded[len(padded)-1] != 9 {
			t.Errorf("%d: place %d of %v, %v", n, place, sizes, padded)
		}
	}
}
