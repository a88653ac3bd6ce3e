package access

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

const codeDigits = 6

// newCode draws six digits, each code as likely as any other (A01).
func newCode() string {
	const codes = 1_000_000
	const fair = (1 << 32) / codes * codes
	for {
		var b [4]byte
		rand.Read(b[:]) // never fails since Go 1.24
		if n := binary.BigEndian.Uint32(b[:]); uint64(n) < fair {
			return fmt.Sprintf("%06d", n%codes)
		}
	}
}

// readCode takes a code as people and phones give it: «123 456», «123-456».
func readCode(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(strings.TrimSpace(s))
	return s, len(s) == codeDigits && allDigits(s)
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// codeHash binds a code to its flow, purpose, browser and phone (A02): in any
// other flow the same digits are wrong.
func (s *Service) codeHash(f flowRow, code string) []byte {
	return s.vault.MAC("access.code", f.id.Bytes(), []byte{byte(f.purpose)}, f.token, f.phoneHash, []byte(code))
}

// sendCode makes a new code for the flow, fills the flow with it and puts the
// message into the outbox. It is where messages cost money and so are counted.
func (s *Service) sendCode(ctx context.Context, tx db.Tx, f *flowRow, to phone.Number, ip string, now time.Time) error {
	if n, until, err := counted(ctx, tx, wrongCodes, f.phoneHash, now, s.limits.CodePause); err != nil {
		return err
	} else if n >= s.limits.WrongCodes {
		return ErrCodesPaused.With("until", until)
	}
	if err := s.guardCost(ctx, tx, to, ip, now); err != nil {
		return err
	}
	code := newCode()
	f.code, f.codeEnds, f.sent = s.codeHash(*f, code), now.Add(s.limits.CodeTTL), now
	return SendSMS(ctx, tx, s.vault, 0, SMS{
		Key: s.ids.New(), To: to, Text: vault.Hide(s.codeText(f.purpose, f.lang, code)), Until: f.codeEnds,
	})
}

// codeText ends with the line by which a browser offers the code to this site
// alone (WebOTP).
func (s *Service) codeText(p Purpose, lang locale.Lang, code string) string {
	key := "access.sms_login"
	if p == ForOrder {
		key = "access.sms_order"
	}
	return locale.For(lang).T(key, locale.A("code", code)) + "\n\n@" + s.host + " #" + code
}

func phoneAt(flow id.ID) vault.At { return vault.At{Table: "flow.phone", Row: flow.Bytes()} }
