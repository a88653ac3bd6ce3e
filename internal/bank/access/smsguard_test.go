package access_test

import (
	"fmt"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
)

// S15: what strangers make us spend is bounded per phone, network, range of
// numbers and day; what is refused sends nothing, and each bound ends by itself.
func TestS15_CostOfMessages(t *testing.T) {
	t.Parallel()
	ask := func(w *world, p phone.Number, ip string) error {
		_, err := w.Access.StartLogin(bg, p, locale.Russian, access.Visitor{IP: ip})
		return err
	}
	home := func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }
	none := access.Limits{SMSPerHour: 1 << 20, SMSPerDay: 1 << 20, SMSPerIP: 1 << 20, SMSPerIPDay: 1 << 20, SMSPerRange: 1 << 20, SMSAll: 1 << 20}
	with := func(change func(*access.Limits)) access.Limits { l := none; change(&l); return l }

	for name, tc := range map[string]struct {
		limits access.Limits
		phone  func(n int) phone.Number // of the n-th message
		ip     func(n int) string
		free   phone.Number // is not bound by it
		freeIP string
		ends   time.Duration
	}{
		"phone and hour": {with(func(l *access.Limits) { l.SMSPerHour = 3 }), func(int) phone.Number { return anya }, home, boris, home(1), time.Hour},
		"phone and day":  {with(func(l *access.Limits) { l.SMSPerDay = 3 }), func(int) phone.Number { return anya }, home, boris, home(1), 24 * time.Hour},
		"network and hour": {
			with(func(l *access.Limits) { l.SMSPerIP = 3 }), accesstest.Phone, func(int) string { return home(7) }, accesstest.Phone(500), home(8), time.Hour,
		},
		"network and day": {
			with(func(l *access.Limits) { l.SMSPerIPDay = 3 }), accesstest.Phone, func(int) string { return home(7) }, accesstest.Phone(500), home(8), 24 * time.Hour,
		},
		"a household of IPv6": {
			with(func(l *access.Limits) { l.SMSPerIP = 3 }), accesstest.Phone,
			func(n int) string { return fmt.Sprintf("2001:db8:1:2:%x::%x", n+1, n+7) }, accesstest.Phone(500), "2001:db8:1:3::1", time.Hour,
		},
		"an IPv4 address in IPv6 clothes": {
			with(func(l *access.Limits) { l.SMSPerIP = 3 }), accesstest.Phone,
			func(n int) string { return home(7) }, accesstest.Phone(500), "::ffff:203.0.113.9", time.Hour,
		},
		"a range of numbers": {with(func(l *access.Limits) { l.SMSPerRange = 3 }), accesstest.Phone, home, "+79164440001", home(9), 24 * time.Hour},
		"a range abroad": {
			with(func(l *access.Limits) { l.SMSPerRange = 3 }), func(n int) phone.Number { return phone.Number(fmt.Sprintf("+4915112345%03d", n)) },
			home, "+4915198765001", home(9), 24 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accesstest.EachWith(t, tc.limits, func(w *world) {
				for n := range 3 {
					if err := ask(w, tc.phone(n), tc.ip(n)); err != nil {
						w.Fatal(n, err)
					}
				}
				for n := range 3 {
					wants(w, "one too many", ask(w, tc.phone(n), tc.ip(n)), access.ErrTooManyCodes)
				}
				sent := 0
				for n := range 3 {
					if tc.phone(n) == anya {
						sent = len(w.Sent(anya))
						break
					}
					sent += len(w.Sent(tc.phone(n)))
				}
				if sent != 3 {
					w.Errorf("%d messages went out, want 3", sent)
				}
				if err := ask(w, tc.free, tc.freeIP); err != nil {
					w.Error("somebody else:", err)
				}
				w.Wait(tc.ends)
				if err := ask(w, tc.phone(0), tc.ip(0)); err != nil {
					w.Error("after the window:", err)
				}
			})
		})
	}

	t.Run("everybody", func(t *testing.T) {
		t.Parallel()
		accesstest.EachWith(t, with(func(l *access.Limits) { l.SMSAll = 3 }), func(w *world) {
			for n := range 3 {
				if err := ask(w, phone.Number(fmt.Sprintf("+791%d5550001", n)), home(n)); err != nil {
					w.Fatal(err)
				}
			}
			wants(w, "one too many", ask(w, "+79995550001", home(9)), access.ErrTooManyCodes)
			w.Wait(24 * time.Hour)
			if err := ask(w, "+79995550001", home(9)); err != nil {
				w.Error(err)
			}
		})
	})
}

// S15 holds for the codes inside a session too, and those end with WebOTP's
// line for this site.
func TestS15_CodesInsideASession(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: 24 * time.Hour, SMSPerHour: 3}, func(w *world) {
		p := chief(w) // his login took the first
		for n := range 2 {
			if _, err := w.Access.SendPasscodeCode(bg, p.Session, proof(w, p.Session, right), accesstest.Home); err != nil {
				w.Fatal(err)
			}
			want := "\n\n@bank.example #" + w.Code(anya)
			sent := w.Sent(anya)
			if text := sent[len(sent)-1].Text.Reveal(); len(sent) != n+2 || text[len(text)-len(want):] != want {
				w.Errorf("%d messages, the last is %q", len(sent), text)
			}
			_, err := w.Access.SendPasscodeCode(bg, p.Session, proof(w, p.Session, right), accesstest.Home)
			wants(w, "at once again", err, access.ErrResendEarly)
			w.Wait(2 * time.Minute)
		}
		_, err := w.Access.SendPasscodeCode(bg, p.Session, proof(w, p.Session, right), accesstest.Home)
		wants(w, "the fourth in an hour", err, access.ErrTooManyCodes)
	})
}
