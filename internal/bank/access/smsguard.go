package access

import (
	"context"
	"net/netip"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Counters of messages (S15), after those of tally.go.
const (
	smsNetDay tallyKind = 21 // per network address
	smsRange  tallyKind = 22 // per range of ten thousand numbers
	smsAll    tallyKind = 23 // of the whole bank
)

// guardCost bounds what strangers can make us spend on messages (S15): per
// phone, per network address, per range of numbers, as fraudsters rent them,
// and in one day at all. What is refused is rolled back with its counts, so
// hammering on neither shortens nor lengthens the wait.
func (s *Service) guardCost(ctx context.Context, tx db.Tx, to phone.Number, ip string, now time.Time) error {
	phoneHash := s.vault.Lookup(vault.Phone, to.E164())
	net := s.vault.Lookup(vault.Net, network(ip))
	// In one order everywhere, so that two units of work cannot wait for each
	// other; the row that all share comes last and is held the shortest.
	for _, g := range []struct {
		kind   tallyKind
		key    []byte
		window time.Duration
		most   int
	}{
		{smsHour, phoneHash, time.Hour, s.limits.SMSPerHour},
		{smsDay, phoneHash, 24 * time.Hour, s.limits.SMSPerDay},
		{smsNet, net, time.Hour, s.limits.SMSPerIP},
		{smsNetDay, net, 24 * time.Hour, s.limits.SMSPerIPDay},
		{smsRange, s.vault.Lookup(vault.Phone, numberRange(to)), 24 * time.Hour, s.limits.SMSPerRange},
		{smsAll, []byte("all"), 24 * time.Hour, s.limits.SMSAll},
	} {
		if ip == "" && (g.kind == smsNet || g.kind == smsNetDay) {
			continue // the bank itself asks: example people of the demo
		}
		n, until, err := count(ctx, tx, g.kind, g.key, now, g.window)
		if err != nil {
			return err
		}
		if n > g.most {
			return ErrTooManyCodes.With("until", until)
		}
	}
	return nil
}

// numberRange gives the ten thousand numbers a phone lies among, «+7916555».
func numberRange(p phone.Number) string {
	e164 := p.E164()
	return e164[:max(0, len(e164)-4)]
}

// network is who pays for an address: of IPv6 a household has a whole /64, so
// its last half tells nobody apart.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Unmap().Is4() {
		return ip
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return p.String()
}
