package disc

import (
	"fmt"
	"regexp"
)

// isrcForm is ISO 3901 without separators: prefix of two letters and three letters or digits, two
// digits of the year, five of the recording.
var isrcForm = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$`)

// IsISRC reports whether a code has the form of an ISRC: 12 characters, capital letters, no
// hyphens.
func IsISRC(code string) bool { return isrcForm.MatchString(code) }

// EAN13 makes the 13 digits that a disc carries of a UPC-A of 12 digits or an EAN of 13. It fails
// on other lengths, on other characters than digits, and on a wrong check digit.
func EAN13(code string) (string, error) {
	if len(code) == 12 {
		code = "0" + code // a UPC-A is the EAN that begins with 0, with the same check digit
	}
	if len(code) != 13 {
		return "", fmt.Errorf("%q has %d characters; a UPC has 12 digits, an EAN 13", code, len(code))
	}
	if _, ok := decimal(code); !ok {
		return "", fmt.Errorf("%q is not all digits", code)
	}
	if want := checkDigit(code[:12]); code[12] != want {
		return "", fmt.Errorf("%s is mistyped: its check digit would have to be %c", code, want)
	}
	return code, nil
}

// checkDigit is the last digit of an EAN, from the 12 before it: weighted 1, 3, 1, ... they and it
// add up to a multiple of ten.
func checkDigit(digits string) byte {
	sum, weight := 0, 1
	for i := range len(digits) {
		sum += int(digits[i]-'0') * weight
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}
