package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/live"
	"rocketbank/internal/bank/operation"
)

// feed is the database of the tests.
type feed struct {
	mu    sync.Mutex
	marks []operation.Mark
	made  []time.Time
	asked int
	fail  error
}

func (f *feed) NewSince(_ context.Context, clients []client.ID, since time.Time) ([]operation.Mark, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.fail != nil {
		return nil, f.fail
	}
	wanted := map[client.ID]bool{}
	for _, c := range clients {
		wanted[c] = true
	}
	var out []operation.Mark
	for i, m := range f.marks {
		if wanted[m.Client] && !f.made[i].Before(since) {
			out = append(out, m)
		}
	}
	return out, nil
}

func (f *feed) land(c client.ID, op byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marks = append(f.marks, operation.Mark{Client: c, Operation: [16]byte{op}})
	f.made = append(f.made, time.Now())
}

func (f *feed) questions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func drain(c <-chan struct{}) (n int) {
	for {
		select {
		case <-c:
			n++
		default:
			return n
		}
	}
}

func TestKickWakesAndCoalesces(t *testing.T) {
	h := live.New(&feed{}, time.Now, nil)
	one, stopOne, ok := h.Subscribe(1)
	two, stopTwo, _ := h.Subscribe(1)
	other, stopOther, _ := h.Subscribe(2)
	defer stopTwo()
	defer stopOther()
	if !ok || drain(one) != 1 || drain(two) != 1 || drain(other) != 1 {
		t.Error("the first wake-up comes at once")
	}
	for range 100 {
		h.Kick(1)
		h.Kick(3)
	}
	if drain(one) != 1 || drain(two) != 1 || drain(other) != 0 {
		t.Error("a hundred kicks are one wake-up, for the right client")
	}
	stopOne()
	stopOne()
	h.Kick(1)
	if drain(one) != 0 || drain(two) != 1 {
		t.Error("a closed page is left alone")
	}
}

func TestTooManyPages(t *testing.T) {
	h := live.New(&feed{}, time.Now, nil)
	var stops []func()
	for range live.MaxPerClient {
		_, stop, ok := h.Subscribe(1)
		if !ok {
			t.Fatal("refused too early")
		}
		stops = append(stops, stop)
	}
	if _, stop, ok := h.Subscribe(1); ok {
		t.Error("one page too many")
	} else {
		stop()
	}
	stops[0]()
	if _, _, ok := h.Subscribe(1); !ok {
		t.Error("a place became free")
	}
}

// Another process's operation is seen within a second; one that is known wakes
// nobody again; nobody connected, nobody asked.
func TestPoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{}
		h := live.New(f, time.Now, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { h.Run(ctx) })
		time.Sleep(time.Hour)
		if n := f.questions(); n != 0 {
			t.Errorf("%d questions for nobody", n)
		}
		f.land(1, 1)
		wake, stop, _ := h.Subscribe(1)
		synctest.Wait()
		drain(wake)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := drain(wake); n != 0 {
			t.Errorf("%d wake-ups for what was there before", n)
		}
		if n := f.questions(); n < 10 || n > 12 {
			t.Errorf("%d questions in ten seconds", n)
		}
		f.land(1, 2)
		f.land(2, 3)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n := drain(wake); n != 1 {
			t.Errorf("%d wake-ups for a new operation", n)
		}
		f.mu.Lock()
		f.fail = errors.New("away")
		f.mu.Unlock()
		time.Sleep(3 * time.Second)
		f.mu.Lock()
		f.fail = nil
		f.mu.Unlock()
		f.land(1, 4)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n := drain(wake); n != 1 {
			t.Errorf("%d wake-ups after the database came back", n)
		}
		time.Sleep(5 * time.Minute) // what was seen leaves the window
		synctest.Wait()
		if n := drain(wake); n != 0 {
			t.Errorf("%d wake-ups in quiet minutes", n)
		}
		stop()
		time.Sleep(2 * time.Second)
		before := f.questions()
		time.Sleep(time.Hour)
		if n := f.questions() - before; n != 0 {
			t.Errorf("%d questions after everybody left", n)
		}
		cancel()
		wg.Wait()
	})
}

func TestManyPagesAtOnce(t *testing.T) {
	h := live.New(&feed{}, time.Now, nil)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 200 {
				_, stop, _ := h.Subscribe(client.ID(i % 5))
				h.Kick(client.ID(i % 7))
				stop()
			}
		})
	}
	wg.Wait()
}
