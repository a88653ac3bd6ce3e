package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/rail/iso8583"
	"rocketbank/internal/sandbox"
)

// network opens the card network of a world and gives its address.
func (w *world) network() string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.box.TakeCredits(ctx, l) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	return l.Addr().String()
}

// line is a bank's end of a connection.
type line struct {
	t    testing.TB
	conn net.Conn
	in   *iso8583.Reader
	out  *iso8583.Writer
}

func dialLine(t testing.TB, addr string) *line {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &line{t, conn, iso8583.NewReader(conn, nil, 0), iso8583.NewWriter(conn, nil, 0)}
}

func (l *line) say(m *iso8583.Message) {
	l.t.Helper()
	body, err := iso8583.Standard().Pack(m)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.out.Write(body); err != nil {
		l.t.Fatal(err)
	}
}

// hear gives the next message, nil at the end of the line.
func (l *line) hear() *iso8583.Message {
	l.t.Helper()
	_ = l.conn.SetReadDeadline(time.Now().Add(time.Minute))
	body, err := l.in.Read()
	if err != nil {
		return nil
	}
	m, err := iso8583.Standard().Unpack(body)
	if err != nil {
		l.t.Fatal(err)
	}
	return m
}

func about(what string) *iso8583.Message {
	m := iso8583.NewMessage("0800")
	m.Set(7, "1122094501")
	m.Set(11, "000001")
	m.Set(70, what)
	return m
}

func (l *line) signOn() *line {
	l.t.Helper()
	l.say(about("001"))
	if a := l.hear(); a == nil || code(a) != "00" {
		l.t.Fatalf("the sign-on is answered %v", a)
	}
	return l
}

func code(m *iso8583.Message) string { v, _ := m.Get(39); return v }

// sentCredit is a credit of 1 250,50 with its own trace number.
func sentCredit(n int, number string) *iso8583.Message {
	m := iso8583.NewMessage("0200")
	for field, v := range map[int]string{2: number, 3: "280000", 4: "000000125050", 7: "1122094501", 11: fmt.Sprintf("%06d", n), 32: "220099",
		37: fmt.Sprintf("632609%06d", n), 41: "ROCKET01", 48: "REF=po_1;TTI=C07", 49: "643"} {
		m.Set(field, v)
	}
	return m
}

func repeated(m *iso8583.Message) *iso8583.Message {
	r := *m
	r.MTI = "0201"
	return &r
}

type books struct {
	Credits []struct {
		Card   string
		Code   string
		Amount int64 `json:"amount_minor"`
	}
	Purses []struct {
		Card   string
		Amount int64 `json:"amount_minor"`
		Times  int
	}
	Cards []struct{ Number, Code string }
}

func (w *world) books() (b books) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.get("/credits.json").body), &b); err != nil {
		w.t.Fatal(err)
	}
	return b
}

// paid gives what a masked card was given, and in how many credits.
func (b books) paid(number string) (int64, int) {
	for _, p := range b.Purses {
		if strings.HasPrefix(number, p.Card[:6]) && strings.HasSuffix(p.Card, number[12:]) {
			return p.Amount, p.Times
		}
	}
	return 0, 0
}

// Whatever is done to the first answer, repeats come to the truth, and a card is
// given its money once or never.
func TestCreditsAreDecidedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.LateFor = time.Millisecond })
	addr := w.network()
	for i, card := range w.books().Cards {
		l := dialLine(t, addr).signOn()
		m := sentCredit(i+1, card.Number)
		l.say(m)
		_ = l.conn.(*net.TCPConn).CloseWrite()
		for l.hear() != nil { // until the network is done with it
		}
		last := ""
		for n := range 4 {
			again := dialLine(t, addr).signOn()
			again.say(repeated(m))
			a := again.hear()
			_ = again.conn.Close()
			if a == nil {
				continue // cut
			}
			if last = code(a); n == 3 && (last != card.Code || last == "00" && !a.Has(38)) {
				t.Errorf("%s: the last repeat is told %q", card.Number, last)
			}
		}
		sum, times := w.books().paid(card.Number)
		if want := card.Code == "00"; want != (times == 1) || want != (sum == 125050) {
			t.Errorf("%s (%s): %d kopecks in %d credits", card.Number, card.Code, sum, times)
		}
	}
}

// What becomes of the first question, by the digits before the check digit.
func TestMannersOfOtherBanksCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.LateFor = time.Millisecond })
	addr := w.network()
	cards := map[string]string{}
	for _, c := range w.books().Cards {
		cards[c.Number[12:15]] = c.Number
	}
	n := 0
	for digits, want := range map[string][]string{ // codes of all answers to the question and to an echo after it
		"000": {"00"}, "014": {"14"}, "061": {"61"}, "062": {"62"}, "051": {"51"}, "901": {}, "903": {"00", "00"}, "904": {"00"}, "906": {}, "907": {"09"},
		"908": {"91"}, "909": {}, "905": {"cut"},
	} {
		l := dialLine(t, addr).signOn()
		n++
		l.say(sentCredit(n, cards[digits]))
		if digits == "905" {
			if a := l.hear(); a != nil {
				t.Errorf("905 is answered %v", a)
			}
			continue
		}
		l.say(about("301"))
		var got []string
		for a := l.hear(); a != nil && a.MTI != "0810"; a = l.hear() {
			got = append(got, code(a))
			if sum, _ := a.Get(4); digits == "904" && sum == "000000125050" {
				t.Error("904 is answered with the right sum")
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: answered %v, want %v", digits, got, want)
		}
	}
	late := dialLine(t, addr).signOn()
	late.say(sentCredit(n+1, cards["902"]))
	if a := late.hear(); a == nil || code(a) != "00" {
		t.Errorf("902 is answered %v", a)
	}
}

func TestStrangeCredits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := w.network()
	good := w.books().Cards[0].Number
	l := dialLine(t, addr)
	l.say(sentCredit(1, good))
	if a := l.hear(); a != nil {
		t.Errorf("before its sign-on a bank is answered %v", a)
	}
	l = dialLine(t, addr).signOn()
	for n, tc := range []struct {
		field       int
		value, code string
	}{
		{3, "000000", "12"}, {3, "010000", "12"}, {49, "840", "12"}, {4, "000000000000", "13"}, {2, "12", "30"}, {2, "2200000000000047", "14"},
		{48, "x", "30"}, {37, "            ", "30"},
	} {
		m := sentCredit(100+n, good)
		m.Set(tc.field, tc.value)
		l.say(m)
		if a := l.hear(); a == nil || code(a) != tc.code {
			t.Errorf("field %d = %q: %v, want %s", tc.field, tc.value, a, tc.code)
		}
	}
	first := sentCredit(1, good)
	l.say(first)
	if a := l.hear(); code(a) != "00" {
		t.Fatal(a)
	}
	other := repeated(first)
	other.Set(4, "000000999999")
	l.say(other)
	if a := l.hear(); code(a) != "94" {
		t.Errorf("another sum under the same key: %v", a)
	}
	for _, what := range []struct{ net, code string }{{"161", "30"}, {"301", "00"}, {"002", "00"}} {
		l.say(about(what.net))
		if a := l.hear(); code(a) != what.code {
			t.Errorf("%s: %v", what.net, a)
		}
	}
	// Not messages at all, and a frame that is too long, end a line.
	for _, junk := range [][]byte{bytes.Repeat([]byte("\x00\x04junk"), 30), {0xff, 0xff}, []byte("GET / HTTP/1.1\r\n\r\n")} {
		l := dialLine(t, addr)
		_, _ = l.conn.Write(junk)
		_ = l.conn.(*net.TCPConn).CloseWrite()
		if a := l.hear(); a != nil {
			t.Errorf("%.10q is answered %v", junk, a)
		}
	}
	if sum, times := w.books().paid(good); sum != 125050 || times != 1 {
		t.Errorf("%d kopecks in %d credits", sum, times)
	}
}

// Many who ask about one credit at the same moment, and a restart, pay it once.
func TestCreditsSurviveCrowdsAndRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.books().Cards[0].Number
	ask := func(addr string) {
		var all sync.WaitGroup
		for range 8 {
			l := dialLine(t, addr).signOn()
			all.Go(func() {
				l.say(repeated(sentCredit(1, good)))
				if a := l.hear(); a == nil || code(a) != "00" {
					t.Errorf("%v", a)
				}
				_ = l.conn.Close()
			})
		}
		all.Wait()
	}
	ask(w.network())
	w.restart()
	ask(w.network())
	if sum, times := w.books().paid(good); sum != 125050 || times != 1 {
		t.Errorf("%d kopecks in %d credits", sum, times)
	}
	page := w.get("/credits")
	if page.status != http.StatusOK || !strings.Contains(strings.ReplaceAll(page.body, "\u00a0", " "), "1 250,50") || !strings.Contains(page.body, "220000••••••"+good[12:]) || strings.Contains(page.body, good) {
		t.Errorf("%d\n%s", page.status, page.body)
	}
}

func TestLinesOfBanksAreBounded(t *testing.T) {
	t.Parallel()
	addr := newWorld(t).network()
	for range 16 {
		dialLine(t, addr).signOn()
	}
	one := dialLine(t, addr)
	if a := one.hear(); a != nil {
		t.Errorf("%v", a)
	}
}
