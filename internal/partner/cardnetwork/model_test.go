package cardnetwork_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rocketbank/internal/base/tier"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
)

// moody is a network that decides each credit once and remembers it, and
// behaves as badly as lines do.
type moody struct {
	mu      sync.Mutex
	chance  *rand.Rand
	decided map[iso8583.Key]string // the code, by the credit's key
	late    []*iso8583.Message     // answers that are still to come
}

// decide gives the code of a credit, the same every time.
func (n *moody) decide(m *iso8583.Message) string {
	if code, ok := n.decided[m.Key()]; ok {
		return code
	}
	n.decided[m.Key()] = []string{"00", "00", "61", "14"}[n.chance.IntN(4)]
	return n.decided[m.Key()]
}

// play is one connection.
func (n *moody) play(p *peer) {
	if m := p.read(); m == nil {
		return
	} else if n.roll() == 0 {
		p.write(m.Answer("91")) // no sign-on now
		return
	} else {
		p.write(m.Answer("00"))
	}
	for m := p.read(); m != nil; m = p.read() {
		if m.MTI == "0800" {
			p.write(m.Answer("00"))
			continue
		}
		if !n.credit(p, m) {
			return
		}
	}
}

func (n *moody) roll() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.chance.IntN(10)
}

// credit does with a message what chance wants; false cuts the line.
func (n *moody) credit(p *peer, m *iso8583.Message) bool {
	what := n.roll()
	if what == 0 {
		return true // lost on its way
	}
	n.mu.Lock()
	a := answered(m, n.decide(m))
	out := []*iso8583.Message{a}
	goesOn := true
	switch what {
	case 1: // the answer is lost
		out = nil
	case 2:
		out = append(out, a)
	case 3: // comes later, perhaps on another line
		n.late, out = append(n.late, a), nil
	case 4:
		out, goesOn = nil, false
	case 5: // half of it
		body, _ := iso8583.Standard().Pack(a)
		frame, _ := iso8583.AppendFrame(nil, iso8583.Binary2{}, body)
		out, goesOn = nil, false
		defer func() { _, _ = p.conn.Write(frame[:len(frame)/3]) }()
	case 6: // about another sum
		wrong := *a
		wrong.Set(4, "000000000001")
		out = []*iso8583.Message{&wrong}
	case 7: // decides nothing, though all is decided
		out = []*iso8583.Message{answered(m, "96")}
	case 8:
		out, n.late = append(n.late, out...), nil
	}
	n.mu.Unlock()
	for _, one := range out {
		p.write(one)
	}
	return goesOn
}

// Whatever the network does, a credit that is told as done was given, one that
// is told as declined was not, and asking comes to an end.
func TestOutcomesAreTrue(t *testing.T) {
	t.Parallel()
	for seed := range tier.Count(60, 300, 5000) {
		synctest.Test(t, func(t *testing.T) {
			n := &moody{chance: rand.New(rand.NewPCG(uint64(seed), 1)), decided: map[iso8583.Key]string{}} // #nosec G404 -- a test that can be run again
			o := options()
			o.Answer = 15 * time.Second
			line, stop := played(t, o, n.play)
			var wg sync.WaitGroup
			outcomes := make([]cardnetwork.Outcome, 6)
			for i := range outcomes {
				wg.Go(func() {
					c := credit(t, i+1)
					out, _ := line.Send(t.Context(), c)
					for tries := 0; out.State == cardnetwork.NotSent && tries < 1000; tries++ {
						time.Sleep(time.Second) // of the bubble
						out, _ = line.Send(t.Context(), c)
					}
					for tries := 0; out.State == cardnetwork.Unknown && tries < 1000; tries++ {
						time.Sleep(time.Second)
						out, _ = line.Ask(t.Context(), c)
					}
					outcomes[i] = out
				})
			}
			wg.Wait()
			stop()
			for i, out := range outcomes {
				stan, _, _ := cardnetwork.Numbers(sent, i+1)
				want := ""
				for k, code := range n.decided {
					if k.STAN == stan {
						want = code
					}
				}
				if out.Code != want || (out.State == cardnetwork.Done) != (want == "00") || out.State != cardnetwork.Done && out.State != cardnetwork.Declined {
					t.Errorf("seed %d, credit %d: %+v, the network has decided %q", seed, i+1, out, want)
				}
			}
			if len(n.decided) != len(outcomes) {
				t.Errorf("seed %d: %d credits were decided, %d were sent", seed, len(n.decided), len(outcomes))
			}
		})
	}
}
