// Package iso20022 is the language in which banks send each other money by
// requisites: four messages of ISO 20022, as XML.
//
// A CreditTransfer (pacs.008.001.09) carries transfers, a StatusReport
// (pacs.002.001.11) says what has become of them, a PaymentReturn
// (pacs.004.001.10) brings money back, Statements (camt.053.001.08) tell what
// was booked on an account. Parse reads one of them, Write writes
// it; what was written is read as the same value. Helpers speak Russian: banks
// are named by БИК (clearing system RUCBC), accounts are twenty characters and
// never an IBAN, fields of payments to the budget stand in Tax.
//
// The types are a profile: a part of each message's schema, in the schema's own
// order, some optional things made compulsory. Nothing is guessed: an element
// or attribute outside of the profile may change what a message means (a charge
// that was taken, somebody else who is to be paid), so it refuses the message
// and names it. So do document types, entities, comments and processing
// instructions, another name space, and a value that the schema or the rouble
// forbids. A partner who sends more of a schema gets it added here.
//
// A refusal is an *Error: path and reason, never a value.
package iso20022
