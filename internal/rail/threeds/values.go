package threeds

// MessageType is the first element of every message.
type MessageType string

// The messages.
const (
	TypeAReq MessageType = "AReq"
	TypeARes MessageType = "ARes"
	TypeCReq MessageType = "CReq"
	TypeCRes MessageType = "CRes"
	TypeRReq MessageType = "RReq"
	TypeRRes MessageType = "RRes"
	TypePReq MessageType = "PReq"
	TypePRes MessageType = "PRes"
	TypeErro MessageType = "Erro"
)

// Channel is where the buyer is (deviceChannel).
type Channel string

// The channels. With 3RI nobody is there: the shop asks by itself.
const (
	ChannelApp     Channel = "01"
	ChannelBrowser Channel = "02"
	Channel3RI     Channel = "03"
)

// Category tells a purchase from a mere look at the card (messageCategory).
type Category string

// The categories.
const (
	Payment    Category = "01"
	NonPayment Category = "02" // such as keeping a card on file
)

// AuthenticationInd says why the shop asks (threeDSRequestorAuthenticationInd).
type AuthenticationInd string

// Why a shop asks.
const (
	ForPayment      AuthenticationInd = "01"
	ForRecurring    AuthenticationInd = "02"
	ForInstalment   AuthenticationInd = "03"
	ForAddCard      AuthenticationInd = "04"
	ForMaintainCard AuthenticationInd = "05"
	ForVerification AuthenticationInd = "06" // the holder, for a token
)

// ChallengeInd says what the shop would like (threeDSRequestorChallengeInd).
// The issuer decides.
type ChallengeInd string

// What a shop would like.
const (
	NoPreference           ChallengeInd = "01"
	NoChallenge            ChallengeInd = "02"
	ChallengeRequested     ChallengeInd = "03"
	ChallengeMandated      ChallengeInd = "04"
	NoChallengeRiskDone    ChallengeInd = "05"
	NoChallengeDataOnly    ChallengeInd = "06"
	NoChallengeStrongDone  ChallengeInd = "07"
	NoChallengeWhitelisted ChallengeInd = "08"
	ChallengeAndWhitelist  ChallengeInd = "09"
)

// ThreeRIInd says why a shop asks without the buyer (threeRIInd).
type ThreeRIInd string

// Why a shop asks alone; 06–11 are kinds that are answered alike here.
const (
	RecurringTransaction  ThreeRIInd = "01"
	InstalmentTransaction ThreeRIInd = "02"
	AddCard3RI            ThreeRIInd = "03"
	MaintainCard3RI       ThreeRIInd = "04"
	AccountVerification   ThreeRIInd = "05"
)

// Status is how an authentication stands (transStatus).
type Status string

// The statuses.
const (
	Authenticated Status = "Y"
	Attempted     Status = "A"
	Challenge     Status = "C"
	Decoupled     Status = "D"
	Denied        Status = "N"
	Rejected      Status = "R" // not to be authorised
	Unavailable   Status = "U" // the issuer could not
	Informational Status = "I" // taken note of, nothing promised
)

// Reason says why a status is no better (transStatusReason).
type Reason string

// The reasons.
const (
	CardAuthenticationFailed   Reason = "01"
	UnknownDevice              Reason = "02"
	UnsupportedDevice          Reason = "03"
	FrequencyExceeded          Reason = "04"
	ExpiredCard                Reason = "05"
	InvalidCardNumber          Reason = "06"
	InvalidTransaction         Reason = "07"
	NoCardRecord               Reason = "08"
	SecurityFailure            Reason = "09"
	StolenCard                 Reason = "10"
	SuspectedFraud             Reason = "11"
	NotPermitted               Reason = "12"
	NotEnrolled                Reason = "13"
	TimedOutAtACS              Reason = "14"
	LowConfidence              Reason = "15"
	MediumConfidence           Reason = "16"
	HighConfidence             Reason = "17"
	VeryHighConfidence         Reason = "18"
	ExceedsChallenges          Reason = "19"
	NonPaymentUnsupported      Reason = "20"
	ThreeRIUnsupported         Reason = "21"
	ACSTechnicalIssue          Reason = "22"
	DecoupledRequired          Reason = "23"
	DecoupledExpired           Reason = "24"
	DecoupledTooShort          Reason = "25"
	AttemptedButNotPerformed   Reason = "26"
	reasonLastOfThisVersion           = 26
	reasonFirstOfDS, reasonEnd        = 80, 99
)

// AuthenticationType is the kind of a challenge.
type AuthenticationType string

// The kinds.
const (
	StaticChallenge    AuthenticationType = "01"
	DynamicChallenge   AuthenticationType = "02"
	OutOfBandChallenge AuthenticationType = "03"
	DecoupledChallenge AuthenticationType = "04"
)

// AuthenticationMethod is how the holder proved himself.
type AuthenticationMethod string

// The methods.
const (
	MethodStatic       AuthenticationMethod = "01"
	MethodSMSCode      AuthenticationMethod = "02"
	MethodKeyFob       AuthenticationMethod = "03"
	MethodAppCode      AuthenticationMethod = "04"
	MethodOtherCode    AuthenticationMethod = "05"
	MethodKnowledge    AuthenticationMethod = "06"
	MethodOOBBiometric AuthenticationMethod = "07"
	MethodOOBLogin     AuthenticationMethod = "08"
	MethodOOBOther     AuthenticationMethod = "09"
	MethodOther        AuthenticationMethod = "10"
	MethodPush         AuthenticationMethod = "11"
)

// Cancel says why a challenge ended without its end (challengeCancel).
type Cancel string

// Why a challenge was left.
const (
	CancelledByHolder  Cancel = "01"
	DecoupledTimedOut  Cancel = "03"
	TimedOutACS        Cancel = "04"
	FirstCReqNeverCame Cancel = "05"
	CancelledByError   Cancel = "06"
	CancelledUnknown   Cancel = "07"
	TimedOutSDK        Cancel = "08"
)

// ResultsStatus answers an RReq (resultsStatus).
type ResultsStatus string

// The answers.
const (
	ResultsReceived  ResultsStatus = "01"
	CReqNotSent      ResultsStatus = "02" // the shop gave up before the challenge
	AResNotDelivered ResultsStatus = "03"
)

// WindowSize is the frame in which a shop shows the challenge
// (challengeWindowSize).
type WindowSize string

// The frames, in CSS pixels.
const (
	Window250x400 WindowSize = "01"
	Window390x400 WindowSize = "02"
	Window500x600 WindowSize = "03"
	Window600x400 WindowSize = "04"
	WindowFull    WindowSize = "05"
)

// Yes and No are the protocol's two words.
const (
	Yes = "Y"
	No  = "N"
)

// MethodUnavailable is threeDSCompInd's third word: there was no 3DS Method.
const MethodUnavailable = "U"
