package cache

import "encoding/binary"

// Servers made for Bazel check that a value under /ac/ is a protocol buffer of
// the type ActionResult (build/bazel/remote/execution/v2), and some write it anew
// with the sender's name added. An entry travels as its stdout_raw, the one field
// that takes any bytes and refers to nothing.

const stdoutRaw = 5 // number of the field

// Wire types of protocol buffers.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

func wrapResult(text []byte) []byte {
	b := binary.AppendUvarint(nil, stdoutRaw<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// unwrapResult returns the last stdout_raw of a message, passing over all other
// fields; nil if there is none or the message is not whole.
func unwrapResult(message []byte) (text []byte) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return nil
		}
		message = message[n:]
		var length uint64
		switch tag & 7 {
		case wireVarint:
			if _, n = binary.Uvarint(message); n <= 0 {
				return nil
			}
			length = uint64(n)
		case wireFixed8:
			length = 8
		case wireFixed4:
			length = 4
		case wireBytes:
			if length, n = binary.Uvarint(message); n <= 0 {
				return nil
			}
			message = message[n:]
		default:
			return nil
		}
		if length > uint64(len(message)) {
			return nil
		}
		if tag == stdoutRaw<<3|wireBytes {
			text = message[:length]
		}
		message = message[length:]
	}
	return text
}
