package purchase

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/strictjson"
)

// The kinds of clearing records. Numbers are stored and never change.
const (
	Presentment = 1 // the merchant asks for his money, or gives some back
	Undone      = 2 // a presentment was a mistake
	Chargeback  = 3 // a dispute was won: the money comes back
)

// Record is one line of a clearing file.
type Record struct {
	Line     int64
	Kind     int
	ARN      string // acquirer reference number, 23 digits
	Number   vault.Hidden
	Amount   money.Amount // in the merchant's currency
	Billing  money.Amount // in roubles
	Code     string
	RRN      string
	Acquirer string
	Process  string
	MCC      string
	Merchant string
	City     string
	Country  string
	At       time.Time
	Final    bool
	// Original is the reference of the presentment that a refund gives back, where the record tells it.
	Original string
}

// File is a clearing file, read whole: its totals agree with its records.
type File struct {
	ID, Network, Day string
	Print            []byte // SHA-256 of its bytes
	Records          []Record
}

// Bounds of a file.
const (
	maxClearingLine = 16 << 10
	maxRecords      = 1_000_000
)

// line is a line of the file as it is written; numbers are texts, so that no
// reader makes floats of them.
type line struct {
	Type     string `json:"type"`
	File     string `json:"file,omitempty"`
	Network  string `json:"network,omitempty"`
	Day      string `json:"day,omitempty"`
	Version  int    `json:"version,omitempty"`
	ARN      string `json:"arn,omitempty"`
	PAN      string `json:"pan,omitempty"`
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
	Billing  string `json:"billing,omitempty"`
	Code     string `json:"code,omitempty"`
	RRN      string `json:"rrn,omitempty"`
	Acquirer string `json:"acquirer,omitempty"`
	Process  string `json:"process,omitempty"`
	MCC      string `json:"mcc,omitempty"`
	Merchant string `json:"merchant,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"`
	At       string `json:"at,omitempty"`
	Final    bool   `json:"final,omitempty"`
	Original string `json:"original,omitempty"`
	Count    int64  `json:"count,omitempty"`
	Debits   string `json:"debits,omitempty"`
	Credits  string `json:"credits,omitempty"`
}

// ReadClearing reads a clearing file (docs/partners.md): a header, records, a
// trailer with their number and sums. A file that is not right in every line is
// refused whole, with the line that is wrong.
func ReadClearing(r io.Reader) (File, error) {
	var f File
	hash := sha256.New()
	in := bufio.NewScanner(io.TeeReader(r, hash))
	in.Buffer(make([]byte, 0, 4096), maxClearingLine)
	debits, credits, ended := int64(0), int64(0), false
	for n := int64(1); in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		var l line
		if err := strictjson.Decode(in.Bytes(), &l); err != nil {
			return File{}, fmt.Errorf("line %d: %w", n, err)
		}
		if ended {
			return File{}, fmt.Errorf("line %d: nothing may stand behind the trailer", n)
		}
		var err error
		switch {
		case f.ID == "":
			f, err = l.header()
		case l.Type == "trailer":
			ended, err = true, l.trailer(len(f.Records), debits, credits)
		default:
			var rec Record
			if rec, err = l.record(n); err == nil {
				f.Records = append(f.Records, rec)
				if rec.credit() {
					credits += rec.Billing.Minor
				} else {
					debits += rec.Billing.Minor
				}
			}
			if len(f.Records) > maxRecords {
				err = fmt.Errorf("more than %d records", maxRecords)
			}
		}
		if err != nil {
			return File{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := in.Err(); err != nil {
		return File{}, err
	}
	if !ended {
		return File{}, errors.New("the trailer is missing: the file is not whole")
	}
	f.Print = hash.Sum(nil)
	return f, nil
}

// credit tells that the record brings money to the card.
func (r Record) credit() bool { return r.Kind != Presentment || r.Process == GiveBack }

func (l line) header() (File, error) {
	if l.Type != "header" || l.File == "" || len(l.File) > 64 || l.Version != 1 {
		return File{}, errors.New("the file must begin with a header of version 1 that names it")
	}
	if _, err := time.Parse(time.DateOnly, l.Day); err != nil {
		return File{}, fmt.Errorf("%q is no day", l.Day)
	}
	return File{ID: l.File, Network: l.Network, Day: l.Day}, nil
}

func (l line) trailer(n int, debits, credits int64) error {
	if l.Count != int64(n) || l.Debits != strconv.FormatInt(debits, 10) || l.Credits != strconv.FormatInt(credits, 10) {
		return fmt.Errorf("the trailer tells %d records, debits %s and credits %s; there are %d, %d and %d", l.Count, l.Debits, l.Credits, n, debits, credits)
	}
	return nil
}

func (l line) record(n int64) (Record, error) {
	r := Record{
		Line: n, ARN: l.ARN, Number: vault.Hide(l.PAN), Code: l.Code, RRN: l.RRN, Acquirer: l.Acquirer, Process: l.Process,
		MCC: l.MCC, Merchant: l.Merchant, City: l.City, Country: l.Country, Final: l.Final, Original: l.Original,
	}
	switch l.Type {
	case "presentment":
		r.Kind = Presentment
	case "reversal":
		r.Kind = Undone
	case "chargeback":
		r.Kind = Chargeback
	default:
		return r, fmt.Errorf("%q is no kind of record", l.Type)
	}
	switch {
	case !digits(l.ARN, 23):
		return r, errors.New("arn must be 23 digits")
	case l.Original != "" && (!digits(l.Original, 23) || l.Type != "presentment" || l.Process != GiveBack):
		return r, errors.New("original must be the 23 digits of the presentment that a refund gives back")
	case len(l.PAN) < 13 || len(l.PAN) > 19 || !digits(l.PAN, len(l.PAN)):
		return r, errors.New("pan must be 13 to 19 digits")
	case !digits(l.Currency, 3):
		return r, errors.New("currency must be the three digits of ISO 4217")
	case l.Process != Buy && l.Process != Withdraw && l.Process != BuyWithCash && l.Process != GiveBack:
		return r, fmt.Errorf("%q is no process", l.Process)
	}
	cur, _ := strconv.Atoi(l.Currency)
	amount, err := strconv.ParseInt(l.Amount, 10, 64)
	if err != nil || amount <= 0 || amount > maxPresented {
		return r, errors.New("amount must be whole minor units above nought")
	}
	billing, err := strconv.ParseInt(l.Billing, 10, 64)
	if err != nil || billing <= 0 || billing > maxPresented {
		return r, errors.New("billing must be whole kopecks above nought")
	}
	if r.At, err = time.Parse(time.RFC3339, l.At); err != nil {
		return r, fmt.Errorf("%q is no time", l.At)
	}
	r.Amount, r.Billing = money.Amount{Minor: amount, Cur: money.Currency(cur)}, money.Rub(billing) // #nosec G115 -- three digits
	return r, nil
}

// maxPresented bounds one record: a billion roubles.
const maxPresented = 100_000_000_000

func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
