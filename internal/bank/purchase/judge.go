package purchase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/emv"
)

// verdict is what the checks found before money is asked for. The rows must
// land with the answer, whatever it is.
type verdict struct {
	reason   Reason // Approved while nothing speaks against it
	word     string // of HolderForbids
	rows     []db.Row
	chip     *emv.Cryptogram // to answer the chip
	badChip  bool            // counts towards stopping the chip
	wrongPIN bool
	pinRight bool
	was      past
}

func (v *verdict) no(r Reason) *verdict {
	v.reason = r
	return v
}

// judge goes through the checks in the order that stands in the package's
// comment; the first that fails is the answer. Funds and limits are the ledger's.
func (s *Service) judge(ctx context.Context, r Request, f card.Face, sum money.Amount, was past) (*verdict, error) {
	v := &verdict{reason: Approved, was: was}
	now := s.d.DB.Now()
	if why := standing(r, f); why != Approved {
		return v.no(why), nil
	}
	if over(f.Expires, now) || r.Expiry != "" && r.Expiry != f.Expires {
		return v.no(ExpiredCard), nil
	}
	if err := s.genuine(ctx, r, f, now, v); err != nil || v.reason != Approved {
		return v, err
	}
	if err := s.holder(ctx, r, f, sum, v); err != nil || v.reason != Approved {
		return v, err
	}
	if r.credit() {
		return v, nil
	}
	if word, no := f.Rules.Refuse(attempt(r, sum)); no {
		v.word = string(word)
		return v.no(HolderForbids), nil
	}
	return v, nil
}

// standing tells whether the card works at all. What its holder paused still
// takes money in.
func standing(r Request, f card.Face) Reason {
	switch f.Status {
	case card.Active:
		return Approved
	case card.Frozen, card.Suspended:
		if r.credit() {
			return Approved
		}
		return Paused
	case card.NotActivated:
		return NotActivated
	case card.Blocked:
		switch f.Why {
		case card.Lost:
			return LostCard
		case card.Stolen:
			return StolenCard
		case card.Fraud:
			return Suspicious
		}
	}
	return ClosedAccount
}

// over tells whether a month (YYMM) is behind us.
func over(yymm string, now time.Time) bool { return yymm < now.In(clock.Moscow).Format("0601") }

// attempt is how the holder's rules see a message.
func attempt(r Request, sum money.Amount) card.Attempt {
	return card.Attempt{
		Channel: r.channel(), Cash: r.cash(), Country: r.Country, Home: atHome(r.Country), MCC: r.MCC, Amount: sum, Merchant: r.Merchant.Name,
	}
}

// atHome tells the bank's own country; a network that names none is our own.
func atHome(country string) bool { return country == "" || country == home }

// home is the bank's country (ISO 3166-1 numeric).
const home = "643"

// genuine checks that the card is the card: chip, stripe or printed code.
func (s *Service) genuine(ctx context.Context, r Request, f card.Face, now time.Time, v *verdict) error {
	switch r.channel() {
	case card.Chip, card.Contactless:
		return s.chip(ctx, r, f, now, v)
	case card.Magstripe:
		return s.stripe(ctx, r, f, now, v)
	}
	if r.CVC2.Empty() {
		return nil
	}
	right, err := s.printed(r, f, now)
	if err == nil && !right {
		v.no(WrongCVC)
	}
	return err
}

func (s *Service) printed(r Request, f card.Face, now time.Time) (bool, error) {
	if f.DynamicCVC {
		good, err := s.d.HSM.DynamicCVV2(r.Number.Reveal(), f.Expires, now)
		for _, c := range good {
			if emv.Same(c, r.CVC2.Reveal()) {
				return true, err
			}
		}
		return false, err
	}
	want, err := s.d.HSM.CVV2(r.Number.Reveal(), f.Expires)
	return err == nil && emv.Same(want, r.CVC2.Reveal()), err
}

// stripe checks a magnetic stripe: its verification value, that it is no copy
// made from a chip, and that a card with a chip was not read by its stripe
// without need.
func (s *Service) stripe(ctx context.Context, r Request, f card.Face, now time.Time, v *verdict) error {
	t, ok := parseTrack2(r.Track2.Reveal())
	if !ok || t.number != r.Number.Reveal() || t.expiry != f.Expires || t.service != f.Service {
		v.no(WrongCVC)
		return nil
	}
	if r.Entry[:2] == "91" {
		return s.overTheAir(ctx, t, f, now, v)
	}
	want, err := s.d.HSM.CVV(t.number, t.expiry, t.service)
	if err != nil {
		return err
	}
	if !emv.Same(want, t.value) {
		copied, err := s.d.HSM.ICVV(t.number, t.expiry)
		if err != nil {
			return err
		}
		v.no(WrongCVC)
		if emv.Same(copied, t.value) {
			v.no(Suspicious) // the chip's value on a stripe: somebody copied it
		}
		return nil
	}
	if chipped(t.service) && !r.fallback() {
		v.no(Suspicious)
	}
	return nil
}

// overTheAir checks the stripe's picture that a contactless card makes anew each
// time, with its counter in the place of the unused digits.
func (s *Service) overTheAir(ctx context.Context, t track2, f card.Face, now time.Time, v *verdict) error {
	want, err := s.d.HSM.DCVV(t.number, t.expiry, t.service, t.unused[1:])
	if err != nil {
		return err
	}
	if !emv.Same(want, t.value) {
		v.no(WrongCVC)
		return nil
	}
	atc, err := strconv.Atoi(t.unused)
	if err != nil {
		return err
	}
	return s.counter(ctx, f, atc, []byte(t.value), now, v)
}

// chipped tells a service code that promises a chip (ISO/IEC 7813).
func chipped(service string) bool { return service != "" && (service[0] == '2' || service[0] == '6') }

// chip checks the cryptogram and the counter (EMV Book 2, 8; reference order:
// consistency, stopped chip, cryptogram, counter).
func (s *Service) chip(ctx context.Context, r Request, f card.Face, now time.Time, v *verdict) error {
	tags, err := emv.ParseTLV(r.Chip)
	if err != nil || len(emv.Check(tags, expected(r, now))) > 0 {
		v.badChip = err == nil
		v.no(BadCryptogram)
		return nil
	}
	if v.was.stopped {
		v.no(BadCryptogram)
		return nil
	}
	sent, _ := tags.Get("9F26")
	want, err := s.d.HSM.Cryptogram(r.Number.Reveal(), r.Sequence, tags)
	if err != nil || !want.Matches(sent) {
		v.badChip = true
		v.no(BadCryptogram)
		return nil //nolint:nilerr // a version that nobody knows is a wrong cryptogram
	}
	v.chip = &want
	raw, _ := tags.Get("9F36")
	return s.counter(ctx, f, int(raw[0])<<8|int(raw[1]), sent, now, v)
}

// expected is what chip data must agree with.
func expected(r Request, now time.Time) emv.Message {
	return emv.Message{
		PAN: r.Number.Reveal(), PSN: r.Sequence, Type: r.Process, Currency: fmt.Sprintf("%03d", int(r.Amount.Cur)),
		Date: now.In(clock.Moscow), Advice: r.Advice,
	}
}

// atcWindow is how far messages of a chip may overtake each other: a counter
// that is late by less is taken, once.
const atcWindow = 64

// counter keeps the chip's transaction counter from being used twice or
// jumping (EMV Book 2, 8; reference §4).
func (s *Service) counter(ctx context.Context, f card.Face, atc int, sent []byte, now time.Time, v *verdict) error {
	high := v.was.counter
	switch {
	case atc == 0 || atc == 0xFFFF || high-atc >= atcWindow:
		v.no(ClonedChip)
		return nil
	case high >= 0 && atc-high > s.d.Rules.CounterJump:
		v.no(ClonedChip)
		return nil
	case atc <= high: // late or seen
		list, err := s.rows.counters(ctx, s.d.DB, f.Client, f.ID)
		if err != nil {
			return err
		}
		if slices.Contains(list, atc) {
			v.no(ClonedChip) // a repeat of the same message was answered before
			return nil
		}
	}
	v.rows = append(v.rows, iCounter.Row(int64(f.Client), f.ID.Bytes(), int64(atc), sent, now.UnixMicro()))
	return nil
}

// holder checks that the one who pays is the holder: PIN at terminals, 3-D
// Secure or the printed code elsewhere.
func (s *Service) holder(ctx context.Context, r Request, f card.Face, sum money.Amount, v *verdict) error {
	if !r.PIN.Empty() {
		return s.pin(r, f, v)
	}
	if r.credit() {
		return nil
	}
	switch r.channel() {
	case card.Ecommerce, card.OnFile, card.Manual:
		return s.absent(ctx, r, f, v)
	case card.Contactless:
		if sum.Minor > s.d.Rules.NoPIN.Minor && !onDevice(r.Chip) {
			v.no(NeedsPIN)
		}
	}
	if r.cash() || r.Process == ChangePIN || r.Process == Inquire {
		v.no(NeedsPIN)
	}
	return nil
}

// onDevice tells that the holder proved himself on his own device (CVM results:
// the first byte has no method of a card that a terminal could do).
func onDevice(chip []byte) bool {
	tags, err := emv.ParseTLV(chip)
	if err != nil {
		return false
	}
	cvm, ok := tags.Get("9F34")
	return ok && len(cvm) == 3 && cvm[0]&0x3F == 0x01 && cvm[2] == 0x02
}

// pin verifies an enciphered PIN. What cannot be opened is a fault of keys and
// no try of anybody's.
func (s *Service) pin(r Request, f card.Face, v *verdict) error {
	if !f.PINSet {
		v.no(PINUnverifiable)
		return nil
	}
	if f.PINLeft == 0 {
		v.no(PINBlocked)
		return nil
	}
	right, err := s.d.HSM.VerifyPIN(r.Number.Reveal(), []byte(r.PIN.Reveal()), r.PINISO4, f.PVV.Reveal())
	switch {
	case errors.Is(err, emv.ErrPINBlock):
		v.no(PINUnverifiable)
	case err != nil:
		return err
	case !right:
		v.wrongPIN = true
		v.no(WrongPIN)
	default:
		v.pinRight = true
	}
	return nil
}

// absent decides about a card that nobody held to a terminal. In the internet
// it needs a value of 3-D Secure, as the client was promised; by mail or phone
// the printed code; a merchant who comes by himself must have been authorised
// by the holder before.
func (s *Service) absent(ctx context.Context, r Request, f card.Face, v *verdict) error {
	if r.Proof != "" && s.d.Proofs != nil {
		row, ok, err := s.d.Proofs.Verify(ctx, Authenticated{
			Client: f.Client, Card: f.ID, Number: r.Number, Amount: r.Amount, MCC: r.MCC, Merchant: r.Merchant.Name, Value: r.Proof,
		})
		if err != nil {
			return err
		}
		if ok {
			v.rows = append(v.rows, row)
			return nil
		}
		v.no(NeedsProof)
		return nil
	}
	if r.empty() {
		return nil
	}
	if r.Recurring || r.channel() == card.OnFile {
		seen, err := s.rows.seen(ctx, s.d.DB, f.Client, f.ID, r.shop())
		if err == nil && !seen {
			v.no(NeedsProof)
		}
		return err
	}
	if r.channel() == card.Manual && r.Condition == mailOrPhone && !r.CVC2.Empty() {
		return nil // genuine has checked it
	}
	v.no(NeedsProof)
	return nil
}

// track2 is a magnetic stripe's second track (ISO/IEC 7813).
type track2 struct{ number, expiry, service, unused, value string }

// parseTrack2 reads our own layout of the discretionary data: five digits that
// are not used, the verification value, the rest.
func parseTrack2(s string) (track2, bool) {
	for i := range len(s) {
		if s[i] != '=' && s[i] != 'D' {
			continue
		}
		rest := s[i+1:]
		if len(rest) < 15 {
			return track2{}, false
		}
		if _, err := strconv.ParseUint(rest[:15], 10, 64); err != nil {
			return track2{}, false
		}
		return track2{number: s[:i], expiry: rest[:4], service: rest[4:7], unused: rest[7:12], value: rest[12:15]}, true
	}
	return track2{}, false
}
