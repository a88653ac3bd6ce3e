package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// The power goes between the click and the answer. Whatever the server had
// done by then, the same confirmation sent again moves the money exactly once.
func TestCrashStory(t *testing.T) {
	t.Parallel()
	storyDemo(t, func(t *testing.T, d *Demo) {
		who, friend := d.Person("Аня"), d.Person("Тимур")
		p := d.Open(t, Opt{Within: 10 * time.Minute, Allow: []string{"ERR_CONNECTION", "ERR_SOCKET", "ERR_INCOMPLETE", "ERR_EMPTY", "status of 4"}})
		p.Login(d, who.Phone, who.Passcode)
		mine, theirs := d.Balance(who.Token), d.Balance(friend.Token)
		rounds := int64(tier.Count(2, 6, 20))
		for round := range rounds {
			p.Go("/transfer")
			p.Find(friend.Phone)
			p.quoted(func() { p.Fill("amount", "100") })
			p.Submit("Продолжить")
			p.At("/transfer/confirm")
			confirm := p.JS("location.pathname+location.search")
			p.Fill("passcode", who.Passcode)
			after := time.Duration(rand.IntN(600)) * time.Millisecond // signing takes its part of it
			p.Press("Перевести")
			time.Sleep(after)
			d.Kill()
			d.Restart()

			p.Go(confirm) // the session may have moved on with the lost answer
			if p.Path() == "/login" {
				p.Fill("passcode", who.Passcode)
				p.Submit("Войти")
			}
			p.At("/transfer/confirm")
			p.Confirm(who.Passcode)
			p.AtPrefix("/transfers/tr_")
			moved := d.Balance(friend.Token) - theirs
			t.Logf("round %d: killed after %v, moved so far %d", round+1, after, moved)
			if want := (round + 1) * 100_00; moved != want || mine-d.Balance(who.Token) != want {
				t.Fatalf("round %d, killed after %v: %d kopecks moved, want %d", round+1, after, moved, want)
			}
		}
		d.Verify()
	})
}
