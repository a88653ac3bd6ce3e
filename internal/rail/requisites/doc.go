// Package requisites knows what is written into a Russian payment order: the
// bank's БИК, accounts with their check digit, tax numbers, the codes of
// payments to the budget and the texts.
//
// Each field has a function that takes the text as it stands in the order and
// gives nil or a *Flaw: which field, what is wrong and at which character. A
// check digit proves that nobody has mistyped, and no more: the account may
// still not exist. Order.Check goes over a whole order and gives all flaws at
// once, so that a form can mark every field.
//
// Text maps what people paste (typographic quotes, dashes, №) to the letters
// that the settlement system has, and refuses the rest.
//
// Directory is the list of banks that the Bank of Russia publishes (ED807),
// read from its XML file.
//
// The sources: order 515 of the Bank of Russia of 8 September 1997 for keys of
// accounts, regulation 762-П for fields of the payment order, order 107н of the
// Ministry of Finance for those of payments to the budget.
package requisites
