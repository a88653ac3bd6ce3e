package cardnetwork_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
)

// played runs a line inside a bubble of time, each connection of which is
// played by the next script and the last by all that follow.
func played(t *testing.T, o cardnetwork.Options, scripts ...func(*peer)) (line *cardnetwork.Line, stop func()) {
	t.Helper()
	n := 0
	o.Dial = func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		script := scripts[min(n, len(scripts)-1)]
		n++
		go func() {
			script(newPeer(t, theirs))
			_ = theirs.Close()
		}()
		return ours, nil
	}
	line, err := cardnetwork.New(o)
	if err != nil {
		t.Fatal(err)
	}
	cancel, ended := start(line)
	synctest.Wait()
	return line, func() {
		cancel()
		<-ended
	}
}

// stay is a peer that keeps the line and says nothing more.
func stay(p *peer) {
	for p.read() != nil {
	}
}

func TestAnswerTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options()
		o.Answer = 15 * time.Second
		line, stop := played(t, o, func(p *peer) {
			p.signOn()
			stay(p)
		})
		began := time.Now()
		out, err := line.Send(t.Context(), credit(t, 1))
		if took := time.Since(began); out.State != cardnetwork.Unknown || !errors.Is(err, cardnetwork.ErrTimeout) || took != 15*time.Second {
			t.Errorf("%+v %v after %v", out, err, took)
		}
		stop()
	})
}

// A silent line is tried with echoes, and left when three were not answered.
func TestSilentLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var echoes atomic.Int32
		again, began := make(chan struct{}), time.Now()
		_, stop := played(t, options(), func(p *peer) {
			p.signOn()
			for m := p.read(); m != nil; m = p.read() {
				if field(m, 70) != "301" {
					t.Errorf("an echo is %v", m)
				}
				if echoes.Add(1) == 1 {
					p.write(m.Answer("00"))
				}
			}
		}, func(p *peer) {
			close(again)
			p.signOn()
			p.serve("00")
		})
		<-again
		// One echo answered, three that are not, the silence after the last,
		// and the pause.
		if took := time.Since(began); took != 5*45*time.Second+time.Millisecond || echoes.Load() != 4 {
			t.Errorf("left after %v and %d echoes", took, echoes.Load())
		}
		stop()
	})
}

// A frame that does not end, and a peer that does not read, end the line.
func TestStuckPeers(t *testing.T) {
	t.Parallel()
	for name, stick := range map[string]func(*peer, <-chan struct{}){
		"half a frame": func(p *peer, _ <-chan struct{}) {
			body, _ := iso8583.Standard().Pack(answered(p.read(), "00"))
			frame, _ := iso8583.AppendFrame(nil, iso8583.Binary2{}, body)
			_, _ = p.conn.Write(frame[:20])
			stay(p)
		},
		"no reading": func(_ *peer, over <-chan struct{}) { <-over },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options()
			o.Answer = 10 * time.Minute
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				line, stop := played(t, o, func(p *peer) {
					p.signOn()
					stick(p, over)
				})
				if out, err := line.Send(t.Context(), credit(t, 1)); out.State != cardnetwork.Unknown || !errors.Is(err, cardnetwork.ErrCut) {
					t.Errorf("%+v %v", out, err)
				}
				close(over)
				stop()
			})
		})
	}
}

// The pauses between tries double up to the longest, and begin anew after a
// line that was signed on.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var at []time.Duration
		o := options()
		o.Pause, o.MaxPause = time.Second, 4*time.Second
		o.Dial = func(context.Context) (net.Conn, error) {
			at = append(at, time.Since(began))
			switch len(at) {
			case 5: // up, and cut at once
				ours, theirs := net.Pipe()
				go func() {
					newPeer(t, theirs).signOn()
					_ = theirs.Close()
				}()
				return ours, nil
			case 7:
				cancel()
			}
			return nil, errors.New("no route")
		}
		line, err := cardnetwork.New(o)
		if err != nil {
			t.Fatal(err)
		}
		line.Run(ctx)
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 11 * time.Second, 12 * time.Second, 14 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("tried at %v, want %v", at, want)
		}
	})
}
