package main

import (
	"strings"

	"rocketbank/internal/rail/requisites"
)

// balance are the beginnings of accounts, the longer ones first.
var balance = []struct{ begins, means string }{
	{"30101", "a bank's correspondent account with the Bank of Russia"},
	{"40102", "the Treasury's single account"},
	{"40802", "a sole trader's account"},
	{"40817", "a resident person's account"},
	{"40820", "a non-resident person's account"},
	{"40701", "a financial firm's account"},
	{"40702", "a firm's account"},
	{"40703", "a non-commercial organisation's account"},
	{"40101", "a collecting account of the Treasury, of the time before 2021"},
	{"423", "a resident person's deposit"},
	{"426", "a non-resident person's deposit"},
	{"455", "a loan to a resident person"},
	{"405", "the account of a firm that the state owns"},
	{"406", "the account of a firm that the state owns"},
	{"407", "a firm's account"},
	{"0", "an account at the Treasury, which has no key"},
}

// currencies as accounts write them.
var currencies = map[string]string{"810": "roubles", "840": "US dollars", "978": "euros", "156": "yuan", "398": "tenge", "933": "Belarusian roubles"}

func meansAccount(account, bik string) string {
	if _, f := requisites.AccountKey(account, bik); f != nil {
		return ""
	}
	kind := "an account"
	for _, b := range balance {
		if strings.HasPrefix(account, b.begins) {
			kind = b.means
			break
		}
	}
	if account[0] == '0' {
		return kind
	}
	cur := requisites.AccountCurrency(account)
	if name := currencies[cur]; name != "" {
		return kind + "; in " + name
	}
	return kind + "; currency " + cur
}

func meansBIK(s string) string {
	switch {
	case requisites.BIK(s) != nil:
		return ""
	case requisites.Treasury(s):
		return "a body of the Treasury, region " + s[2:4]
	case s[6:] <= "002":
		return "a unit of the Bank of Russia, region " + s[2:4]
	}
	return "a bank or another participant, region " + s[2:4]
}

func meansINN(s string) string {
	switch len(s) {
	case 10:
		return "a firm's number, tax office " + s[:4]
	case 12:
		return "a person's number, tax office " + s[:4]
	}
	return ""
}

// administrators of income that fields 22 and 104 begin with.
var administrators = map[string]string{"182": "the tax service", "188": "the Ministry of the Interior", "322": "the bailiffs", "153": "the customs", "100": "the Treasury"}

func meansUIN(s string) string {
	if s == requisites.None {
		return "no id"
	}
	if len(s) < 20 {
		return ""
	}
	if who := administrators[s[:3]]; who != "" {
		return "an id of " + who
	}
	return "an id of another administrator"
}

func meansKBK(s string) string {
	if s == requisites.None {
		return "no code"
	}
	if len(s) != 20 {
		return ""
	}
	who := "administrator " + s[:3]
	if name := administrators[s[:3]]; name != "" {
		who += ", " + name
	}
	return who + "; income " + s[3:13] + ", part " + s[13:17] + ", sector " + s[17:]
}

func meansPeriod(s string) string {
	kind, rest, _ := strings.Cut(s, ".")
	number, year, _ := strings.Cut(rest, ".")
	switch kind {
	case "МС":
		return "month " + number + " of " + year
	case "КВ":
		return "quarter " + number + " of " + year
	case "ПЛ":
		return "half-year " + number + " of " + year
	case "ГД":
		return "the year " + year
	case requisites.None:
		return "no period"
	}
	if number == "" {
		return "a customs office"
	}
	return "a day"
}
