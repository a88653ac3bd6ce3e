package api

import (
	"strconv"
	"strings"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Money is a sum as it travels: a decimal string beside its currency.
type Money struct {
	Amount   string `json:"amount" example:"100.00" pattern:"^-?[0-9]{1,13}(\\.[0-9]{1,2})?$"`
	Currency string `json:"currency" example:"RUB" enum:"RUB"`
}

// shown writes a sum with both digits of kopecks: "-1234.50".
func shown(a money.Amount) Money {
	text, _, _ := strings.Cut(a.String(), " ")
	return Money{Amount: text, Currency: a.Cur.String()}
}

// sum reads a positive sum, the member of that name. It is written for programs: digits, one point, at
// most two digits after it, and nothing that only people write.
func (m Money) sum(member string) (money.Amount, error) {
	var f flaws
	if f.need(member+".currency", m.Currency) && m.Currency != money.RUB.String() {
		f.add(errCurrency.At(member + ".currency"))
	}
	a, err := parseSum(m.Amount)
	if err != nil {
		f.add(at(member+".amount", err))
	}
	return a, f.err()
}

func parseSum(s string) (money.Amount, error) {
	for _, r := range s {
		if (r < '0' || r > '9') && r != '.' && r != '-' {
			return money.Amount{}, locale.ErrAmountInvalid
		}
	}
	return locale.ParseAmount(s)
}

// accountPrefix is what account identifiers start with outside.
const accountPrefix = "ac_"

// AccountText names an account outside.
func AccountText(a ledger.AccountID) string { return accountPrefix + strconv.FormatInt(int64(a), 10) }

// parseAccount reads an account's identifier; missing is the refusal of one
// that cannot be anybody's, the same as for somebody else's.
func parseAccount(s string, missing *fault.Error) (ledger.AccountID, error) {
	digits, ok := strings.CutPrefix(s, accountPrefix)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || strconv.FormatInt(n, 10) != digits {
		return 0, missing
	}
	return ledger.AccountID(n), nil
}

func itoa(n int) string { return strconv.Itoa(n) }
