package application

// ParseBirth is tested with a clock of its own.
var ParseBirth = parseBirth
