package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"rocketbank/internal/rail/emv"
)

// Plastic is a card as its factory made it: what a terminal can read from it
// and the keys in its chip. It prints nothing of itself.
type Plastic struct {
	ID       string // names the card to the sandbox alone
	Holder   string
	Masked   string // «5500 00•• •••• 4821»
	Virtual  bool   // has no chip and no stripe
	Number   Secret
	CVC      Secret
	Expiry   string // YYMM
	Sequence string
	Track2   Secret
	DKI      byte
	AC       emv.Key2
}

// Secret is a text that prints as stars.
type Secret string

// String is stars.
func (Secret) String() string { return "•••" }

// GoString is stars.
func (Secret) GoString() string { return "•••" }

// MarshalText is stars.
func (Secret) MarshalText() ([]byte, error) { return []byte("•••"), nil }

// Wallet lists the cards that the demo's people carry. The bank hands the
// sandbox this function in a demo, in place of its card factory; a stranger has
// no such thing.
type Wallet func(ctx context.Context) ([]Plastic, error)

// chips counts the transactions of every chip, over restarts.
type chips struct {
	mu   sync.Mutex
	file *journal
	atc  map[string]int
}

type chipLine struct {
	Card string `json:"card"`
	ATC  int    `json:"atc"`
}

func openChips(folder string) (*chips, error) {
	c := &chips{atc: map[string]int{}}
	var err error
	c.file, _, err = openJournal(filepath.Join(folder, "chips.jsonl"), func(line []byte) error {
		var l chipLine
		if err := json.Unmarshal(line, &l); err != nil {
			return err
		}
		c.atc[l.Card] = l.ATC
		return nil
	})
	return c, err
}

// next gives the counter of the next transaction of a card.
func (c *chips) next(card string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.atc[card] + 1
	if err := c.file.append(chipLine{card, n}, true); err != nil {
		return 0, err
	}
	c.atc[card] = n
	return n, nil
}

// deal is what the terminal tells the chip.
type deal struct {
	minor    int64
	currency string
	country  string
	kind     string // two digits of the processing code
	at       time.Time
	online   bool // the PIN goes to the issuer
	device   bool // the holder proved himself on his phone
}

// chipData is what the chip answers to GENERATE AC: a true cryptogram under its
// own key (M/Chip, cryptogram version 10 hex).
func (p Plastic) chipData(d deal, atc int) ([]byte, error) {
	var un [4]byte
	rand.Read(un[:]) // never fails since Go 1.24
	cvm := "1F0302"
	tvr := "0000008000"
	switch {
	case d.online:
		cvm, tvr = "020302", "0000048000"
	case d.device:
		cvm = "010002"
	}
	var t emv.TLV
	for _, tag := range []struct{ name, value string }{
		{"9F02", fmt.Sprintf("%012d", d.minor)}, {"9F03", "000000000000"}, {"9F1A", "0" + d.country}, {"95", tvr},
		{"5F2A", "0" + d.currency}, {"9A", d.at.Format("060102")}, {"9C", d.kind}, {"9F37", hex.EncodeToString(un[:])},
		{"82", "1900"}, {"9F36", fmt.Sprintf("%04X", atc)}, {"9F10", fmt.Sprintf("%02X10A00003220000000000000000000000FF", p.DKI)},
		{"9F27", "80"}, {"9F34", cvm}, {"5F34", p.Sequence},
	} {
		raw, err := hex.DecodeString(tag.value)
		if err == nil {
			err = t.Set(tag.name, raw)
		}
		if err != nil {
			return nil, fmt.Errorf("chip data %s: %w", tag.name, err)
		}
	}
	c, err := emv.CardARQC(emv.Mastercard, p.AC, t)
	if err != nil {
		return nil, fmt.Errorf("cryptogram: %w", err)
	}
	if err := t.Set("9F26", c.Value[:]); err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// believes tells whether the issuer's answer to the chip is the issuer's.
func (p Plastic) believes(sent, answered []byte) bool {
	t, err := emv.ParseTLV(sent)
	if err != nil {
		return false
	}
	a, err := emv.ParseTLV(answered)
	if err != nil {
		return false
	}
	got, ok := a.Get("91")
	if !ok || len(got) != 10 {
		return false
	}
	c, err := emv.CardARQC(emv.Mastercard, p.AC, t)
	if err != nil {
		return false
	}
	want, err := c.ARPC([2]byte(got[8:]), emv.CSU(true), nil)
	return err == nil && emv.Same(string(want), string(got))
}
