package threeds

import (
	"encoding/json"
	"strconv"
	"time"
)

// AReq asks whether the one who pays is the card's holder. Fields that the
// protocol knows and nobody here reads (addresses, device data of apps) are
// judged by ParseAReq and left behind.
type AReq struct {
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`

	ServerTransID string `json:"threeDSServerTransID"`
	// DSTransID is the key of the transaction: the directory repeats a lost
	// AReq under the same one.
	DSTransID         string `json:"dsTransID,omitempty"`
	DSReferenceNumber string `json:"dsReferenceNumber,omitempty"`
	DSURL             string `json:"dsURL,omitempty"` // where the RReq goes; check the host before dialling

	ServerRefNumber  string `json:"threeDSServerRefNumber"`
	ServerOperatorID string `json:"threeDSServerOperatorID,omitempty"`
	ServerURL        string `json:"threeDSServerURL"`

	RequestorID           string            `json:"threeDSRequestorID"`
	RequestorName         string            `json:"threeDSRequestorName"`
	RequestorURL          string            `json:"threeDSRequestorURL"`
	AuthenticationInd     AuthenticationInd `json:"threeDSRequestorAuthenticationInd,omitempty"`
	ChallengeInd          ChallengeInd      `json:"threeDSRequestorChallengeInd,omitempty"`
	ThreeRIInd            ThreeRIInd        `json:"threeRIInd,omitempty"`
	DecoupledRequest      string            `json:"threeDSRequestorDecReqInd,omitempty"`
	DecoupledMaxTime      string            `json:"threeDSRequestorDecMaxTime,omitempty"` // minutes
	MethodCompletion      string            `json:"threeDSCompInd,omitempty"`
	PriorAuthentication   *Prior            `json:"threeDSRequestorPriorAuthenticationInfo,omitempty"`
	RequestorWhiteList    string            `json:"whiteListStatus,omitempty"`
	MerchantRiskIndicator *MerchantRisk     `json:"merchantRiskIndicator,omitempty"`

	Channel  Channel  `json:"deviceChannel"`
	Category Category `json:"messageCategory"`

	AcctNumber     PAN          `json:"acctNumber"`
	CardExpiryDate string       `json:"cardExpiryDate,omitempty"` // YYMM
	AcctType       string       `json:"acctType,omitempty"`
	AcctID         string       `json:"acctID,omitempty"`
	AcctInfo       *AccountInfo `json:"acctInfo,omitempty"`
	CardholderName string       `json:"cardholderName,omitempty"`
	Email          string       `json:"email,omitempty"`
	MobilePhone    *Phone       `json:"mobilePhone,omitempty"`

	PurchaseAmount   string `json:"purchaseAmount,omitempty"` // minor units
	PurchaseCurrency string `json:"purchaseCurrency,omitempty"`
	PurchaseExponent string `json:"purchaseExponent,omitempty"`
	PurchaseDate     string `json:"purchaseDate,omitempty"` // UTC, YYYYMMDDHHMMSS
	TransType        string `json:"transType,omitempty"`
	RecurringExpiry  string `json:"recurringExpiry,omitempty"`
	RecurringFreq    string `json:"recurringFrequency,omitempty"`
	InstalmentCount  string `json:"purchaseInstalData,omitempty"`

	AcquirerBIN         string `json:"acquirerBIN,omitempty"`
	AcquirerMerchantID  string `json:"acquirerMerchantID,omitempty"`
	MerchantName        string `json:"merchantName,omitempty"`
	MCC                 string `json:"mcc,omitempty"`
	MerchantCountryCode string `json:"merchantCountryCode,omitempty"`

	// NotificationURL is the only place where the CRes may go.
	NotificationURL    string `json:"notificationURL,omitempty"`
	BrowserAccept      string `json:"browserAcceptHeader,omitempty"`
	BrowserIP          string `json:"browserIP,omitempty"`
	BrowserJava        *bool  `json:"browserJavaEnabled,omitempty"`
	BrowserScript      *bool  `json:"browserJavascriptEnabled,omitempty"`
	BrowserLanguage    string `json:"browserLanguage,omitempty"`
	BrowserColorDepth  string `json:"browserColorDepth,omitempty"`
	BrowserHeight      string `json:"browserScreenHeight,omitempty"`
	BrowserWidth       string `json:"browserScreenWidth,omitempty"`
	BrowserTZ          string `json:"browserTZ,omitempty"`
	BrowserUserAgent   string `json:"browserUserAgent,omitempty"`
	SDKTransID         string `json:"sdkTransID,omitempty"`
	SDKAppID           string `json:"sdkAppID,omitempty"`
	SDKReferenceNumber string `json:"sdkReferenceNumber,omitempty"`
	SDKMaxTimeout      string `json:"sdkMaxTimeout,omitempty"` // minutes

	Extensions []Extension `json:"messageExtension,omitempty"`
}

// Prior is how the shop says it authenticated the holder before.
type Prior struct {
	Method    string `json:"threeDSReqPriorAuthMethod,omitempty"`
	Timestamp string `json:"threeDSReqPriorAuthTimestamp,omitempty"` // YYYYMMDDHHMM
	Reference string `json:"threeDSReqPriorRef,omitempty"`           // acsTransID of that time
}

// AccountInfo is what the shop says about the buyer's account with it. It is
// the shop's word: never a reason to trust by itself.
type AccountInfo struct {
	AgeInd             string `json:"chAccAgeInd,omitempty"`
	Date               string `json:"chAccDate,omitempty"`
	ChangeInd          string `json:"chAccChangeInd,omitempty"`
	PasswordChangeInd  string `json:"chAccPwChangeInd,omitempty"`
	Purchases          string `json:"nbPurchaseAccount,omitempty"`
	CardAttempts24h    string `json:"provisionAttemptsDay,omitempty"`
	Transactions24h    string `json:"txnActivityDay,omitempty"`
	TransactionsYear   string `json:"txnActivityYear,omitempty"`
	PaymentAgeInd      string `json:"paymentAccInd,omitempty"`
	SuspiciousActivity string `json:"suspiciousAccActivity,omitempty"`
}

// MerchantRisk is what the shop says about the goods.
type MerchantRisk struct {
	DeliveryTimeframe string `json:"deliveryTimeframe,omitempty"`
	ReorderItems      string `json:"reorderItemsInd,omitempty"`
	PreOrder          string `json:"preOrderPurchaseInd,omitempty"`
	ShipIndicator     string `json:"shipIndicator,omitempty"`
}

// Phone is a number by country code and subscriber.
type Phone struct {
	Country    string `json:"cc"`
	Subscriber string `json:"subscriber"`
}

// Extension is an addition of a scheme.
type Extension struct {
	Name     string          `json:"name"`
	ID       string          `json:"id"`
	Critical bool            `json:"criticalityIndicator"`
	Data     json.RawMessage `json:"data"`
}

// ParseAReq reads an AReq for an ACS.
func ParseAReq(body []byte) (AReq, *Erro) { return Reader{}.ParseAReq(body) }

// ParseAReq reads an AReq.
func (rd Reader) ParseAReq(body []byte) (AReq, *Erro) {
	m, bad := rd.read(body, TypeAReq, areqTable)
	if bad != nil {
		return AReq{}, bad
	}
	var a AReq
	if wrong := m.fill(areqTable, &a); wrong != "" {
		return AReq{}, m.about(rd.erro(FormatInvalid, TypeAReq, wrong))
	}
	return a, nil
}

// Encode gives the body to send, with the card's number in it.
func (a AReq) Encode() ([]byte, error) {
	a.MessageType, a.MessageVersion = TypeAReq, Version
	type masked AReq
	return wire(struct {
		masked
		AcctNumber string `json:"acctNumber"` // shadows the masked one
	}{masked(a), a.AcctNumber.Reveal()})
}

// Amount gives the purchase's minor units, false when there is no amount or
// one beyond what a bank can count.
func (a AReq) Amount() (int64, bool) {
	n, err := strconv.ParseInt(a.PurchaseAmount, 10, 64)
	return n, err == nil && digits(a.PurchaseAmount)
}

// At gives the time of the purchase as the shop tells it.
func (a AReq) At() time.Time {
	t, err := time.Parse(stampSeconds, a.PurchaseDate)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Script tells whether the browser runs scripts.
func (a AReq) Script() bool { return a.BrowserScript != nil && *a.BrowserScript }

// DecoupledMinutes gives how long a decoupled answer may take, nought when
// none is asked for.
func (a AReq) DecoupledMinutes() int {
	n, err := strconv.Atoi(a.DecoupledMaxTime)
	if err != nil || a.DecoupledRequest != Yes {
		return 0
	}
	return n
}
