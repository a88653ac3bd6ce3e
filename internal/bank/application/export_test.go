package application

// Pure parts, tested by themselves.
var (
	ParseBirth = parseBirth
	CallFrom   = callFrom
	Promise    = promise
)
