package staff

import (
	"regexp"
	"strings"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

var (
	digits4    = regexp.MustCompile(`^[0-9]{4}$`)
	digits6    = regexp.MustCompile(`^[0-9]{6}$`)
	department = regexp.MustCompile(`^[0-9]{3}-[0-9]{3}$`)
	mailbox    = regexp.MustCompile(`^[^\s@<>"]{1,64}@[^\s@<>"]+\.[^\s@<>"]{2,}$`)
)

// checkFields refuses what the second pair of eyes could only send back.
func checkFields(k ProposalKind, fields map[string]string) error {
	for name, value := range fields {
		ok := true
		switch {
		case k == ProposeCorrection && name == "amount":
			_, err := ParseCorrection(value)
			ok = err == nil
		case k == ProposeDispute && name == "amount":
			_, err := locale.ParseAmount(value)
			ok = err == nil
		case name == "series":
			ok = digits4.MatchString(value)
		case name == "number", name == "post_code":
			ok = digits6.MatchString(value)
		case name == "department":
			ok = department.MatchString(value)
		case name == "issued_on":
			_, ok = client.ParseDate(value)
		case name == "email":
			ok = mailbox.MatchString(value)
		}
		if !ok {
			return ErrPayload.At(name)
		}
	}
	if k == ProposePerson {
		// Who changes his name gets another passport within a month; a name
		// without one is nothing that a picture could show.
		if fields["last"]+fields["first"]+fields["middle"] != "" && fields["series"]+fields["number"] == "" {
			return ErrNamePaper.At("series")
		}
		// A new passport comes whole: the number of one with the day or the
		// office of another would be nobody's paper.
		passport := []string{"series", "number", "department", "issued_by", "issued_on"}
		for _, some := range passport {
			for _, other := range passport {
				if fields[some] != "" && fields[other] == "" {
					return ErrPassport.At(other)
				}
			}
		}
	}
	if k == ProposeDispute && (fields["amount"] == "" || fields["dispute"] == "") {
		return ErrPayload.At("amount")
	}
	if k == ProposeCorrection && (fields["amount"] == "" || fields["why"] == "") {
		return ErrPayload.At("amount")
	}
	return nil
}

// ParseCorrection reads a sum with its sign, as people type it: «-150,50».
func ParseCorrection(s string) (money.Amount, error) {
	s = strings.TrimSpace(s)
	for _, minus := range []string{"-", "−"} {
		if rest, found := strings.CutPrefix(s, minus); found {
			sum, err := locale.ParseAmount(rest)
			if err != nil {
				return money.Amount{}, err
			}
			return sum.Neg()
		}
	}
	return locale.ParseAmount(strings.TrimPrefix(s, "+"))
}
