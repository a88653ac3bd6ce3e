package requisites

// Order is a payment order as far as its requisites go: the sum, the number
// and the date are the bank's own business.
type Order struct {
	Payer, PayerINN, PayerKPP string

	BIK, CorrAccount, Account string
	Payee, INN, KPP           string

	UIN     string // «0» or nothing, when there is none
	Purpose string
	Budget  *Budget // nil when it is no payment to the budget
}

// Budget are the fields 101 and 104–109.
type Budget struct {
	Status string // 101: who pays
	KBK    string // 104: what for
	OKTMO  string // 105: whose budget
	Basis  string // 106
	Period string // 107
	Number string // 108
	Date   string // 109
}

// Clean gives the order with its texts as the settlement system writes them,
// and every flaw that there is, in the order of the fields. Flaws that are
// warnings alone do not forbid the payment: see Forbids.
func (o Order) Clean() (Order, []*Flaw) {
	var flaws []*Flaw
	add := func(f *Flaw) bool {
		if f != nil {
			flaws = append(flaws, f)
		}
		return f == nil
	}
	text := func(field Field, s string, most int) string {
		clean, f := Text(field, s, most)
		if !add(f) {
			return s
		}
		return clean
	}
	if o.Payer != "" { // else the bank fills it in
		o.Payer = text(FieldPayer, o.Payer, MaxName)
	}
	if o.PayerINN != "" && o.PayerINN != None {
		add(inn(FieldPayerINN, o.PayerINN))
	}
	if o.PayerKPP != "" && o.PayerKPP != None {
		add(kpp(FieldPayerKPP, o.PayerKPP))
	}
	if add(BIK(o.BIK)) {
		o.accounts(add)
	} else { // without the bank only the form can be looked at
		if o.CorrAccount != "" {
			add(form(FieldCorrAccount, o.CorrAccount))
		}
		add(form(FieldAccount, o.Account))
	}
	o.Payee = text(FieldPayee, o.Payee, MaxName)
	o.payee(add)
	if o.UIN != "" && add(UIN(o.UIN)) && o.Budget != nil && len(o.UIN) == 20 && o.UIN == o.Budget.KBK {
		add(flaw(FieldUIN, SameAsKBK, 0))
	}
	o.Purpose = text(FieldPurpose, o.Purpose, MaxPurpose)
	if o.Budget != nil {
		o.Budget.check(add)
	}
	return o, flaws
}

// accounts looks at both accounts under a good БИК.
func (o Order) accounts(add func(*Flaw) bool) {
	add(CorrAccount(o.CorrAccount, o.BIK))
	if add(Account(o.Account, o.BIK)) && o.Account[0] != '0' && AccountCurrency(o.Account) != roubles {
		add(flaw(FieldAccount, Currency, 5))
	}
}

// payee looks at the payee's numbers. Whoever is paid through the budget has
// both.
func (o Order) payee(add func(*Flaw) bool) {
	if o.INN != "" || o.Budget != nil {
		add(INN(o.INN))
	}
	switch {
	case o.Budget == nil && (o.KPP == "" || o.KPP == None):
	case o.KPP != "" && len(o.INN) == 12: // persons have none
		add(flaw(FieldKPP, Unexpected, 0))
	default:
		add(KPP(o.KPP))
	}
}

func (b *Budget) check(add func(*Flaw) bool) {
	add(Status(b.Status))
	add(KBK(b.KBK))
	add(OKTMO(b.OKTMO))
	add(Basis(b.Basis))
	add(Period(b.Period))
	add(Number(b.Number))
	add(TaxDate(b.Date))
}

// Forbids tells whether one of the flaws is more than a warning.
func Forbids(flaws []*Flaw) bool {
	for _, f := range flaws {
		if !f.Warning {
			return true
		}
	}
	return false
}
