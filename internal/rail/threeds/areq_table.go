package threeds

const (
	stampSeconds = "20060102150405"
	stampMinutes = "200601021504"
	stampDay     = "20060102"
	stampMonth   = "0601"
)

// Conditions of the tables. An element that decides and is missing itself is
// reported as missing; what hangs on it is not guessed.
func onChannel(channels ...Channel) func(members) bool {
	return func(m members) bool {
		for _, c := range channels {
			if m.text("deviceChannel") == string(c) {
				return true
			}
		}
		return false
	}
}

func inBrowser(m members) bool { return onChannel(ChannelBrowser)(m) }
func inApp(m members) bool     { return onChannel(ChannelApp)(m) }

func inPayment(m members) bool { return m.text("messageCategory") == string(Payment) }

func withScript(m members) bool {
	return inBrowser(m) && string(m["browserJavascriptEnabled"]) == "true"
}

// areqTable holds every element of an AReq that version 2.2.0 knows: its form,
// and when it has to be there (EMV 3DS, table A.1).
var areqTable = []element{
	{"messageType", oneOf(TypeAReq), always},
	{"messageVersion", oneOf(Version), always},
	{"threeDSServerTransID", idForm, always},
	{"dsTransID", idForm, always},
	{"dsReferenceNumber", upTo(32), always},
	{"dsURL", secureURL(2048), always},
	{"threeDSServerRefNumber", upTo(32), always},
	{"threeDSServerOperatorID", upTo(32), nil},
	{"threeDSServerURL", secureURL(2048), always},

	{"threeDSRequestorID", upTo(35), always},
	{"threeDSRequestorName", upTo(40), always},
	{"threeDSRequestorURL", shownURL(2048), always},
	{"threeDSRequestorAuthenticationInd", twoDigits(1, 6), onChannel(ChannelApp, ChannelBrowser)},
	{"threeDSRequestorChallengeInd", twoDigits(1, 9), nil},
	{"threeDSRequestorAuthenticationInfo", object, nil},
	{"threeDSRequestorPriorAuthenticationInfo", shape(
		element{"threeDSReqPriorAuthMethod", twoDigits(1, 4), nil},
		element{"threeDSReqPriorAuthTimestamp", stamp(stampMinutes), nil},
		element{"threeDSReqPriorRef", upTo(36), nil},
	), nil},
	{"threeDSReqAuthMethodInd", twoDigits(1, 3), nil},
	{"threeDSRequestorDecReqInd", yesNo, nil},
	{"threeDSRequestorDecMaxTime", within(1, 10080, 5), func(m members) bool { return m.text("threeDSRequestorDecReqInd") == Yes }},
	{"threeRIInd", twoDigits(1, 11), onChannel(Channel3RI)},
	{"threeDSCompInd", oneOf(Yes, No, MethodUnavailable), inBrowser},

	{"deviceChannel", twoDigits(1, 3), always},
	{"messageCategory", twoDigits(1, 2), always},

	{"acctNumber", panForm, always},
	{"cardExpiryDate", stamp(stampMonth), nil},
	{"acctType", twoDigits(1, 3), nil},
	{"acctID", upTo(64), nil},
	{"acctInfo", object, nil},
	{"cardholderName", between(2, 45), nil},
	{"email", upTo(254), nil},
	{"homePhone", phone, nil},
	{"mobilePhone", phone, nil},
	{"workPhone", phone, nil},
	{"payTokenInd", isTrue, nil},
	{"payTokenSource", twoDigits(1, 2), nil},
	{"addrMatch", yesNo, nil},
	{"billAddrCity", upTo(50), nil},
	{"billAddrCountry", country, nil},
	{"billAddrLine1", upTo(50), nil},
	{"billAddrLine2", upTo(50), nil},
	{"billAddrLine3", upTo(50), nil},
	{"billAddrPostCode", upTo(16), nil},
	{"billAddrState", upTo(3), nil},
	{"shipAddrCity", upTo(50), nil},
	{"shipAddrCountry", country, nil},
	{"shipAddrLine1", upTo(50), nil},
	{"shipAddrLine2", upTo(50), nil},
	{"shipAddrLine3", upTo(50), nil},
	{"shipAddrPostCode", upTo(16), nil},
	{"shipAddrState", upTo(3), nil},
	{"merchantRiskIndicator", object, nil},
	{"broadInfo", object, nil},
	{"whiteListStatus", oneOf("Y", "N", "E", "P", "R", "U"), nil},
	{"whiteListStatusSource", twoDigits(1, 3), nil},

	{"purchaseAmount", number(1, 48), inPayment},
	{"purchaseCurrency", currency, inPayment},
	{"purchaseExponent", number(1, 1), inPayment},
	{"purchaseDate", stamp(stampSeconds), inPayment},
	{"transType", oneOf("01", "03", "10", "11", "28"), nil},
	{"recurringExpiry", stamp(stampDay), nil},
	{"recurringFrequency", number(1, 4), nil},
	{"purchaseInstalData", within(2, 999, 3), nil},

	{"acquirerBIN", number(1, 11), inPayment},
	{"acquirerMerchantID", upTo(35), inPayment},
	{"merchantName", upTo(40), inPayment},
	{"mcc", mcc, inPayment},
	{"merchantCountryCode", country, inPayment},

	{"notificationURL", secureURL(256), inBrowser},
	{"browserAcceptHeader", upTo(2048), inBrowser},
	{"browserIP", ipForm, inBrowser},
	{"browserJavascriptEnabled", boolean, inBrowser},
	{"browserLanguage", langForm, inBrowser},
	{"browserUserAgent", upTo(2048), inBrowser},
	{"browserJavaEnabled", boolean, withScript},
	{"browserColorDepth", oneOf("1", "4", "8", "15", "16", "24", "32", "48"), withScript},
	{"browserScreenHeight", number(1, 6), withScript},
	{"browserScreenWidth", number(1, 6), withScript},
	{"browserTZ", is(zone), withScript},

	{"sdkAppID", idForm, inApp},
	{"sdkEphemPubKey", object, inApp},
	{"sdkMaxTimeout", within(5, 99, 2), inApp},
	{"sdkReferenceNumber", upTo(32), inApp},
	{"sdkTransID", idForm, inApp},
	{"deviceRenderOptions", object, inApp},
	{"deviceInfo", is(func(s string) bool { return s != "" }), nil},

	{"messageExtension", extensions, nil},
}

var phone = shape(
	element{"cc", number(1, 3), always},
	element{"subscriber", number(1, 15), always},
)
