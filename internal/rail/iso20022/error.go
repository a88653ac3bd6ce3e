package iso20022

// Reason is what is wrong, in one word that stays as it is: logs are counted by
// it and `rocketbank inspect` prints it.
type Reason string

// What may be wrong with the XML.
const (
	TooLong          Reason = "too_long"
	NotXML           Reason = "not_xml"
	Encoding         Reason = "encoding" // not UTF-8
	Markup           Reason = "markup"   // document type, comment, processing instruction
	Namespace        Reason = "namespace"
	UnknownMessage   Reason = "unknown_message"
	UnknownElement   Reason = "unknown_element"
	UnknownAttribute Reason = "unknown_attribute"
	Order            Reason = "order"   // an element that had to come earlier
	Twice            Reason = "twice"   // an element or attribute that comes once
	Missing          Reason = "missing" // an element or attribute that has to be there
	Choice           Reason = "choice"  // not exactly one of the alternatives
	TooMany          Reason = "too_many"
	Stray            Reason = "stray_text" // text between elements
)

// What may be wrong with a value.
const (
	Length   Reason = "length"
	Charset  Reason = "charset"
	Code     Reason = "code" // not one of the words that may stand there
	Date     Reason = "date"
	Time     Reason = "time" // not a time with its offset
	UETR     Reason = "uetr"
	Number   Reason = "number"
	Sum      Reason = "amount" // not a sum above nought, or one of too many digits
	Decimals Reason = "decimals"
	Count    Reason = "count" // the header tells another number of transactions
	Total    Reason = "total" // the header or the closing balance tells another sum
	Same     Reason = "same"  // two transactions of one name
)

// Error says why bytes are no message, or a message no bytes. It holds nothing
// of a value, so it may be logged and answered.
type Error struct {
	Path   string // CdtTrfTxInf[2]/PmtId/EndToEndId; "" for the document
	Reason Reason
}

// Error gives reason and path.
func (e *Error) Error() string {
	if e.Path == "" {
		return "iso20022: " + string(e.Reason)
	}
	return "iso20022: " + e.Path + ": " + string(e.Reason)
}
