package cardhost

import (
	"fmt"
	"strconv"
	"strings"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/iso8583"
)

// answer puts the bank's answer into the words of the link.
func answer(m *iso8583.Message, r purchase.Request, a purchase.Answer) *iso8583.Message {
	code, ok := codes[a.Reason]
	if !ok {
		code = codeMalfunction
	}
	if r.Advice && a.Reason != purchase.TwiceSent {
		code = codeOK // what happened cannot be refused
	}
	out := m.Answer(code)
	if a.Code != "" {
		out.Set(38, a.Code)
	}
	if a.Reason == purchase.PartlyApproved {
		out.Set(4, fmt.Sprintf("%012d", a.Amount.Minor))
		group(out, "57", r.Amount)
	}
	if a.Ledger != nil && a.Available != nil {
		group(out, "01", *a.Ledger)
		group(out, "02", *a.Available)
	}
	if len(a.Chip) > 0 {
		out.SetBytes(55, a.Chip)
	}
	return out
}

// group adds a group of field 54, additional amounts.
func group(m *iso8583.Message, kind string, sum money.Amount) {
	sign, minor := "C", sum.Minor
	if minor < 0 {
		sign, minor = "D", -minor
	}
	v, err := iso8583.FormatAdditionalAmounts([]iso8583.Amount54{{Account: "00", Type: kind, Currency: fmt.Sprintf("%03d", int(sum.Cur)), Sign: sign, Minor: minor}})
	if err != nil {
		return // a sum that no field can hold
	}
	was, _ := m.Get(54)
	m.Set(54, was+v)
}

// broken answers a frame that is no message: what can be read of its type and
// key fields, and "format error".
func broken(body []byte) *iso8583.Message {
	if len(body) < 4 {
		return nil
	}
	mti := string(body[:4])
	if _, err := strconv.ParseUint(mti, 10, 32); err != nil {
		return nil
	}
	answer, ok := iso8583.Response(mti)
	if !ok || strings.HasPrefix(answer, "08") {
		return nil
	}
	out := iso8583.NewMessage(answer)
	out.Set(39, codeFormat)
	return out
}
