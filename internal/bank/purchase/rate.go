package purchase

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// rateDays is how old a rate may be that still counts: weekends and holidays
// have none of their own.
const rateDays = 10

var (
	qPutRate = db.Query(`INSERT INTO card_rate (currency, day, units, rate) VALUES ($1, $2, $3, $4)
		ON CONFLICT (currency, day) DO UPDATE SET units = excluded.units, rate = excluded.rate`)
	qRate = db.Query(`SELECT units, rate FROM card_rate WHERE currency = $1 AND day <= $2 AND day > $3 ORDER BY day DESC LIMIT 1`)
)

// Rate is what the partner bank takes for a currency on a day: Units of it cost
// Rate ten-thousandths of a rouble.
type Rate struct {
	Currency money.Currency
	Day      time.Time
	Units    int64
	Rate     int64
}

// PutRates keeps rates; a later file of the same day counts.
func (s *Service) PutRates(ctx context.Context, list []Rate) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		for _, r := range list {
			if _, err := tx.Exec(ctx, qPutRate, int64(r.Currency), clock.Day(r.Day), r.Units, r.Rate); err != nil {
				return fmt.Errorf("keep the rate of %v: %w", r.Currency, err)
			}
		}
		return nil
	})
}

// maxRates bounds a file of rates.
const maxRates = 10_000

// ReadRates reads a file of rates: a line «2026-11-29;840;1;92.4500» each (day,
// ISO 4217 number, units, roubles with up to four decimals); # begins a comment.
func ReadRates(r io.Reader) ([]Rate, error) {
	var out []Rate
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		one, err := readRate(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if out = append(out, one); len(out) > maxRates {
			return nil, fmt.Errorf("more than %d rates in one file", maxRates)
		}
	}
	return out, in.Err()
}

func readRate(line string) (Rate, error) {
	f := strings.Split(line, ";")
	if len(f) != 4 {
		return Rate{}, errors.New("a rate has four fields: day;currency;units;roubles")
	}
	day, err := time.ParseInLocation(time.DateOnly, f[0], clock.Moscow)
	if err != nil {
		return Rate{}, fmt.Errorf("%q is no day such as 2026-11-29", f[0])
	}
	cur, err := strconv.ParseUint(f[1], 10, 16)
	if err != nil || len(f[1]) != 3 || money.Currency(cur) == money.RUB { // #nosec G115 -- three digits
		return Rate{}, fmt.Errorf("%q is no currency number such as 840", f[1])
	}
	units, err := strconv.ParseInt(f[2], 10, 32)
	if err != nil || units <= 0 {
		return Rate{}, fmt.Errorf("%q is no number of units", f[2])
	}
	whole, part, _ := strings.Cut(f[3], ".")
	rate, err := strconv.ParseInt(whole+(part + "0000")[:4], 10, 48)
	if err != nil || rate <= 0 || len(part) > 4 || whole == "" {
		return Rate{}, fmt.Errorf("%q is no rate such as 92.4500", f[3])
	}
	return Rate{money.Currency(cur), day, units, rate}, nil // #nosec G115 -- three digits
}

// convert gives a sum in roubles by the newest rate; false when there is none
// that is young enough.
func (s *Service) convert(ctx context.Context, a money.Amount) (money.Amount, bool, error) {
	day := clock.Day(s.d.DB.Now())
	var units, rate int64
	err := s.d.DB.Row(ctx, qRate, int64(a.Cur), day, day-rateDays).Scan(&units, &rate)
	if errors.Is(err, db.ErrNoRows) {
		return money.Amount{}, false, nil
	}
	if err != nil {
		return money.Amount{}, false, fmt.Errorf("rate of %v: %w", a.Cur, err)
	}
	// minor·rate/(units·10⁴) roubles per major unit, times 100 kopecks, by the
	// minor units that the currency has.
	minor, err := money.MulDiv(a.Minor, rate, units*100*power10(Decimals(a.Cur)))
	return money.Rub(minor), err == nil, err
}

func power10(n int) int64 {
	out := int64(1)
	for range n {
		out *= 10
	}
	return out
}

// Decimals is how many minor digits a currency has (ISO 4217).
func Decimals(c money.Currency) int {
	switch c {
	case 392, 410, 704, 152, 600, 352, 174, 262, 324, 646, 800, 548, 950, 952, 953, 108:
		return 0
	case 48, 368, 400, 414, 434, 512, 788:
		return 3
	}
	return 2
}
