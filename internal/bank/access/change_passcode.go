package access

import (
	"context"
	"strings"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
)

// The refusals of a new passcode, beside ErrPassForm.
var (
	ErrPassWeak   = fault.New(fault.Invalid, "access.passcode_weak")
	ErrPassRepeat = fault.New(fault.Invalid, "access.passcode_repeat")
	ErrPassSame   = fault.New(fault.Invalid, "access.passcode_same")
)

// NewPasscode is what a client types to choose another passcode.
type NewPasscode struct {
	CodeWord string
	Code     string // from the SMS; not looked at when the proof is a passkey's
	Passcode string
	Repeat   string
}

// SendPasscodeCode sends the code that OfferPasscode asks for, to whoever has
// just proved himself. A proof by passkey needs none.
func (s *Service) SendPasscodeCode(ctx context.Context, in Session, p Proof, from Visitor) (CodeSent, error) {
	if err := s.fresh(in, p); err != nil {
		return CodeSent{}, err
	}
	c, err := s.clients.ByID(ctx, in.Client)
	if err != nil {
		return CodeSent{}, err
	}
	return s.sendFactorCode(ctx, in, codeForPasscode, c.Phone, from)
}

// OfferPasscode begins the setting of another passcode (A11). It takes all of:
// a live session on a device that is still known, a fresh proof of that session
// (the old passcode or a passkey), the code word, and a fresh code or passkey.
// What is missing or wrong is refused, and nothing changes. The change itself
// is an order that CarryOut takes; other sessions end then, see MarkChanged.
func (s *Service) OfferPasscode(ctx context.Context, in Session, p Proof, n NewPasscode) (Offer, error) {
	hash, err := s.newPasscode(ctx, in, p, n)
	if err != nil {
		return Offer{}, err
	}
	if p.passkey.IsZero() {
		c, err := s.clients.ByID(ctx, in.Client)
		if err != nil {
			return Offer{}, err
		}
		err = s.db.Write(ctx, func(tx db.Tx) error { return s.useFactorCode(ctx, tx, in, codeForPasscode, c.Phone, n.Code) })
		if err != nil {
			return Offer{}, err
		}
	}
	return s.offer(ctx, in, changeBody{Passcode: &offeredPass{Hash: hash}})
}

// newPasscode judges everything that a new passcode takes and gives its hash.
func (s *Service) newPasscode(ctx context.Context, in Session, p Proof, n NewPasscode) (hash string, err error) {
	if err := s.fresh(in, p); err != nil {
		return "", err
	}
	c, err := s.clients.ByID(ctx, in.Client)
	if err != nil {
		return "", err
	}
	if err := CheckNewPasscode(n.Passcode, n.Repeat, c.Born, c.Phone); err != nil {
		return "", err // first: the form costs no try
	}
	if err := s.standsOn(ctx, s.db, in); err != nil {
		return "", err
	}
	if p.passkey.IsZero() {
		if err := s.judgeFactorCode(ctx, in, codeForPasscode, c.Phone, n.Code); err != nil {
			return "", err
		}
	}
	if err := s.judgeCodeWord(ctx, in.Client, n.CodeWord, "client"); err != nil {
		return "", err
	}
	stored, err := s.storedPasscode(ctx, s.db, in.Client)
	if err != nil {
		return "", err
	}
	if same, err := s.vault.CheckPasscode(ctx, stored, n.Passcode); err != nil {
		return "", err
	} else if same {
		return "", ErrPassSame.At("passcode")
	}
	return s.vault.HashPasscode(ctx, n.Passcode)
}

// standsOn tells whether session and device still stand.
func (s *Service) standsOn(ctx context.Context, r db.Reader, in Session) error {
	if _, err := s.session(r.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes())); err != nil {
		return err
	}
	_, err := s.deviceOf(ctx, r, in.Client, in.Device)
	return err
}

// CheckNewPasscode tells what is wrong with a chosen passcode; nil when nothing is.
func CheckNewPasscode(passcode, repeat string, born client.Date, p phone.Number) error {
	switch {
	case !ValidPasscode(passcode):
		return ErrPassForm.At("passcode")
	case weak(passcode, born, p):
		return ErrPassWeak.At("passcode")
	case passcode != repeat:
		return ErrPassRepeat.At("repeat")
	}
	return nil
}

// weak tells a passcode that a thief would try first: one digit again and
// again, a run, a repeated pair, the birth date or the end of the phone (A08).
func weak(passcode string, born client.Date, p phone.Number) bool {
	n := len(passcode)
	same, up, down, pairs, mirror := true, true, true, true, true
	for i := 1; i < n; i++ {
		step := (int(passcode[i]) - int(passcode[i-1]) + 10) % 10 // 7890 and 0987 are runs too
		same = same && step == 0
		up = up && step == 1
		down = down && step == 9
		if i >= 2 {
			pairs = pairs && passcode[i] == passcode[i-2]
		}
		mirror = mirror && passcode[i] == passcode[n-1-i]
	}
	if same || up || down || pairs && n > 2 {
		return true
	}
	if n >= 6 && (passcode[:n/2] == passcode[n/2:] || mirror) {
		return true
	}
	if strings.HasSuffix(p.E164(), passcode) {
		return true
	}
	for _, guess := range birthGuesses(born) {
		if passcode == guess {
			return true
		}
	}
	// The usual favourites that no rule above names.
	switch passcode {
	case "1212", "1313", "2580", "0852", "1004", "6969", "1122", "2211", "112233", "159753", "147258", "123123", "102030":
		return true
	}
	return false
}

// birthGuesses are the parts of a birth date in every order people use.
func birthGuesses(d client.Date) []string {
	iso := d.ISO() // 1990-12-31
	y, m, day := iso[:4], iso[5:7], iso[8:]
	yy := y[2:]
	return []string{
		y, day + m, m + day, m + yy, yy + m, day + yy, yy + day,
		day + m + yy, m + day + yy, yy + m + day, y + m, m + y, y + day, day + y,
	}
}
