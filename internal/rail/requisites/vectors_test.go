package requisites_test

import (
	"testing"

	"rocketbank/internal/rail/requisites"
)

// The examples of order 515 and accounts whose keys were worked out by others.
func TestAccountKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ account, bik string }{
		{"30101810800000000746", "049805000"}, // order 515, example 1
		{"40602810700000000025", "049805746"}, // order 515, example 3
		{"40702810900000000025", "044514512"},
		{"40817810700000000001", "044525225"},
		{"40817810412340000567", "044525225"},
		{"30101810400000000225", "044525225"}, // a bank's own: 025
		{"40702810138250123017", "044525225"},
		{"40102810445370000059", "017003983"}, // single accounts of the Treasury
		{"40102810545370000003", "004525988"},
		{"40102810945370000005", "014030106"},
		{"03100643000000018500", "017003983"}, // the Treasury's have no key
	} {
		if f := requisites.Account(c.account, c.bik); f != nil {
			t.Errorf("%s at %s: %v", c.account, c.bik, f)
		}
		if c.account[0] == '0' {
			continue
		}
		if k, f := requisites.AccountKey(c.account[:8]+"0"+c.account[9:], c.bik); f != nil || k != c.account[8] {
			t.Errorf("%s at %s: key %c, %v", c.account, c.bik, k, f)
		}
	}
}

type check func(string) *requisites.Flaw

// What is right and what is wrong, field by field: the place counts
// characters, not bytes.
func TestFields(t *testing.T) {
	t.Parallel()
	at := func(account, bik string) *requisites.Flaw { return requisites.Account(account, bik) }
	moscow := func(s string) *requisites.Flaw { return at(s, "044525225") }
	corr := func(s string) *requisites.Flaw { return requisites.CorrAccount(s, "044525225") }
	ofUnit := func(s string) *requisites.Flaw { return requisites.CorrAccount(s, "049805000") }
	ofTreasury := func(s string) *requisites.Flaw { return requisites.CorrAccount(s, "017003983") }
	for name, c := range map[string]struct {
		check  check
		in     string
		reason requisites.Reason
		at     int
	}{
		"bik":                      {requisites.BIK, "044525225", "", 0},
		"bik of a unit":            {requisites.BIK, "049805000", "", 0},
		"bik of the Treasury":      {requisites.BIK, "017003983", "", 0},
		"bik, none":                {requisites.BIK, "", requisites.Empty, 0},
		"bik, short":               {requisites.BIK, "04452522", requisites.Length, 8},
		"bik, long":                {requisites.BIK, "0445252255", requisites.Length, 9},
		"bik, a letter":            {requisites.BIK, "04452522О", requisites.Charset, 8},
		"bik, other digits":        {requisites.BIK, "٠44525225", requisites.Charset, 0},
		"bik, country":             {requisites.BIK, "144525225", requisites.Value, 0},
		"bik, nobody's number":     {requisites.BIK, "044525003", requisites.Value, 6},
		"account, none":            {moscow, "", requisites.Empty, 0},
		"account, key":             {moscow, "40817810800000000001", requisites.CheckDigit, 8},
		"account, short":           {moscow, "4081781070000000000", requisites.Length, 19},
		"account, a letter":        {moscow, "4081781070000000000l", requisites.Charset, 19},
		"account, noughts":         {moscow, "00000000000000000000", requisites.Zeros, 0},
		"account, of the Treasury": {moscow, "03100643000000018500", requisites.OtherBank, 0},
		"account, letter in sixth": {moscow, "40817Z10700000000001", requisites.Charset, 5},
		"corr":                     {corr, "30101810400000000225", "", 0},
		"corr, none":               {corr, "", requisites.Empty, 0},
		"corr, another bank":       {corr, "30101810800000000746", requisites.OtherBank, 17},
		"corr, dollars":            {corr, "30101840400000000225", requisites.Currency, 5},
		"corr, a client's":         {corr, "40817810700000000001", requisites.Value, 0},
		"corr, key":                {corr, "30101810500000000225", requisites.CheckDigit, 8},
		"unit has none":            {ofUnit, "", "", 0},
		"unit, one given":          {ofUnit, "30101810400000000225", requisites.Unexpected, 0},
		"Treasury's single one":    {ofTreasury, "40102810445370000059", "", 0},
		"Treasury, a bank's":       {ofTreasury, "30101810400000000225", requisites.Value, 0},
		"inn of a firm":            {requisites.INN, "7707083893", "", 0},
		"inn of a firm, 2":         {requisites.INN, "7736207543", "", 0},
		"inn of a firm, 3":         {requisites.INN, "7727406020", "", 0},
		"inn of a person":          {requisites.INN, "500100732259", "", 0},
		"inn in many samples":      {requisites.INN, "6200098765", requisites.CheckDigit, 9},
		"inn, eleventh":            {requisites.INN, "500100732269", requisites.CheckDigit, 10},
		"inn, twelfth":             {requisites.INN, "500100732258", requisites.CheckDigit, 11},
		"inn, no office":           {requisites.INN, "0012345678", requisites.Value, 0},
		"inn, length":              {requisites.INN, "77070838931", requisites.Length, 11},
		"kpp":                      {requisites.KPP, "773601001", "", 0},
		"kpp with letters":         {requisites.KPP, "7736AZ001", "", 0},
		"kpp, small":               {requisites.KPP, "7736az001", requisites.Charset, 4},
		"kpp, letter elsewhere":    {requisites.KPP, "773601A01", requisites.Charset, 6},
		"kpp, no office":           {requisites.KPP, "003601001", requisites.Value, 0},
		"kpp, short":               {requisites.KPP, "77360100", requisites.Length, 8},
		"kpp, none":                {requisites.KPP, "", requisites.Empty, 0},
		"ogrn":                     {requisites.OGRN, "1027700132195", "", 0},
		"ogrn, digit":              {requisites.OGRN, "1027700132196", requisites.CheckDigit, 12},
		"ogrn, kind":               {requisites.OGRN, "3027700132195", requisites.Value, 0},
		"ogrnip":                   {requisites.OGRNIP, "304500116000157", "", 0},
		"ogrnip, digit":            {requisites.OGRNIP, "304500116000158", requisites.CheckDigit, 14},
		"snils":                    {requisites.SNILS, "112-233-445 95", "", 0},
		"snils, plain":             {requisites.SNILS, "11223344595", "", 0},
		"snils, 100":               {requisites.SNILS, "087-654-302 00", "", 0},
		"snils, 101":               {requisites.SNILS, "087-654-303 00", "", 0},
		"snils, old":               {requisites.SNILS, "001-001-998 77", "", 0},
		"snils, no longer old":     {requisites.SNILS, "001-001-999 77", requisites.CheckDigit, 12},
		"snils, digit":             {requisites.SNILS, "112-233-445 96", requisites.CheckDigit, 13},
		"snils, half formatted":    {requisites.SNILS, "112-23344595", requisites.Length, 12},
		"snils, hyphen elsewhere":  {requisites.SNILS, "1122-33445 95", requisites.Charset, 4},
		"snils, noughts":           {requisites.SNILS, "00000000000", requisites.Zeros, 0},
		"kbk":                      {requisites.KBK, "18201061201010000510", "", 0},
		"kbk, none":                {requisites.KBK, "0", "", 0},
		"kbk, noughts":             {requisites.KBK, "00000000000000000000", requisites.Zeros, 0},
		"kbk, short":               {requisites.KBK, "1820106120101000051", requisites.Length, 19},
		"oktmo":                    {requisites.OKTMO, "45382000", "", 0},
		"oktmo, long":              {requisites.OKTMO, "45382000001", "", 0},
		"oktmo, none":              {requisites.OKTMO, "0", "", 0},
		"oktmo, noughts":           {requisites.OKTMO, "00000000", requisites.Zeros, 0},
		"oktmo, between":           {requisites.OKTMO, "453820000", requisites.Length, 9},
		"status":                   {requisites.Status, "24", "", 0},
		"status, nobody":           {requisites.Status, "32", requisites.Value, 0},
		"status, short":            {requisites.Status, "1", requisites.Length, 1},
		"basis":                    {requisites.Basis, "ТП", "", 0},
		"basis, none":              {requisites.Basis, "0", "", 0},
		"basis, latin":             {requisites.Basis, "ТP", requisites.Charset, 1},
		"basis, long":              {requisites.Basis, "ТПП", requisites.Length, 2},
		"period, month":            {requisites.Period, "МС.11.2026", "", 0},
		"period, quarter":          {requisites.Period, "КВ.04.2026", "", 0},
		"period, half":             {requisites.Period, "ПЛ.02.2026", "", 0},
		"period, year":             {requisites.Period, "ГД.00.2026", "", 0},
		"period, day":              {requisites.Period, "04.09.2026", "", 0},
		"period, customs":          {requisites.Period, "10100000", "", 0},
		"period, none":             {requisites.Period, "0", "", 0},
		"period, 13th month":       {requisites.Period, "МС.13.2026", requisites.Value, 3},
		"period, month 0":          {requisites.Period, "МС.00.2026", requisites.Value, 3},
		"period, 5th quarter":      {requisites.Period, "КВ.05.2026", requisites.Value, 3},
		"period, year with month":  {requisites.Period, "ГД.01.2026", requisites.Value, 3},
		"period, kind":             {requisites.Period, "НД.01.2026", requisites.Value, 0},
		"period, no dot":           {requisites.Period, "МС-11.2026", requisites.Charset, 2},
		"period, year's age":       {requisites.Period, "МС.11.1826", requisites.Value, 6},
		"period, cut":              {requisites.Period, "МС.", requisites.Length, 3},
		"period, one letter":       {requisites.Period, "М", requisites.Charset, 0},
		"date":                     {requisites.TaxDate, "29.02.2028", "", 0},
		"date, none":               {requisites.TaxDate, "0", "", 0},
		"date, no leap year":       {requisites.TaxDate, "29.02.2027", requisites.Value, 0},
		"date, the other way":      {requisites.TaxDate, "2026-11-22", requisites.Charset, 2},
		"number":                   {requisites.Number, "ТР20261122", "", 0},
		"number, sign":             {requisites.Number, "№17", requisites.Charset, 0},
		"number, long":             {requisites.Number, "1234567890123456", requisites.Length, 15},
	} {
		f := c.check(c.in)
		switch {
		case c.reason == "" && f != nil:
			t.Errorf("%s: %v", name, f)
		case c.reason != "" && (f == nil || f.Reason != c.reason || f.At != c.at):
			t.Errorf("%s: %v, want %s at %d", name, f, c.reason, c.at)
		}
	}
}

// The ids of charges: both passes, letters, and who is taken at his word.
func TestUIN(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in      string
		reason  requisites.Reason
		at      int
		warning bool
	}{
		"none":                  {"0", "", 0, false},
		"first pass":            {"18810177261122000017", "", 0, false},
		"second pass":           {"18810177260000000027", "", 0, false},
		"ten both times":        {"18810177260000000160", "", 0, false},
		"wrong, traffic police": {"18810177261122000018", requisites.CheckDigit, 19, false},
		"wrong, tax service":    {"18210177261122000018", requisites.CheckDigit, 19, false},
		"wrong, bailiffs":       {"32210177261122000018", requisites.CheckDigit, 19, false},
		"wrong, some school":    {"03160177261122000011", requisites.CheckDigit, 19, true},
		"wrong, 25":             {"0316017726112200001712340", requisites.CheckDigit, 24, true},
		"noughts":               {"00000000000000000000", requisites.Zeros, 0, false},
		"empty":                 {"", requisites.Empty, 0, false},
		"between":               {"188101772611220000170", requisites.Length, 21, false},
		"small letter":          {"1881л177261122000017", requisites.Charset, 4, false},
		"letter of no value":    {"1881Ъ177261122000017", requisites.Unchecked, 19, true},
	} {
		f := requisites.UIN(c.in)
		switch {
		case c.reason == "" && f != nil:
			t.Errorf("%s: %v", name, f)
		case c.reason != "" && (f == nil || f.Reason != c.reason || f.At != c.at || f.Warning != c.warning):
			t.Errorf("%s: %+v, want %s at %d, warning %v", name, f, c.reason, c.at, c.warning)
		}
	}
	// Л counts eleven, which is one; a Latin letter counts as the Russian one
	// that looks like it.
	for _, pair := range [][2]string{{"1881Л17726112200001", "1881117726112200001"}, {"1881A17726112200001", "1881А17726112200001"}, {"1881H17726112200001", "1881317726112200001"}} {
		a, f := requisites.UINKey(pair[0])
		b, g := requisites.UINKey(pair[1])
		if f != nil || g != nil || a != b {
			t.Errorf("%v: %c %v, %c %v", pair, a, f, b, g)
		}
	}
}
