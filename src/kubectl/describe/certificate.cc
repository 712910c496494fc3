// CertificateSigningRequest.
#include "api/table.h"
#include "base/strings.h"
#include "kubectl/describe/certificate_request.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

std::string state_text(const Json& status) {
  bool approved = false, denied = false, failed = false;
  for (const Json& c : json::array_or_empty(json::find(status, "conditions"))) {
    std::string type = json::str(c, "type");
    approved = approved || type == "Approved";
    denied = denied || type == "Denied";
    failed = failed || type == "Failed";
  }
  std::string text = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) text += ",Failed";
  if (!json::str(status, "certificate").empty()) text += ",Issued";
  return text;
}

void put_list(Writer& w, std::string_view title, const std::vector<std::string>& values) {
  if (!values.empty()) w.line(0, "\t", title, ":\t", join(values, "\n\t\t"));
}

}  // namespace

Status describe_certificate_request(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  auto request = parse_certificate_request(base64_decode(json::str(spec, "request")).value_or(""));
  if (!request) return Error(Reason::kUnknown, "Error parsing CSR: " + request.error().message);
  const CertificateRequest::Subject& asks = request->subject;

  w.field(0, "Name", subject.name());
  w.field(0, "Labels", labels_text(json::find(subject.object, {"metadata", "labels"})));
  w.field(0, "Annotations", labels_text(json::find(subject.object, {"metadata", "annotations"})));
  w.field(0, "CreationTimestamp", time_text(json::find(subject.object, {"metadata", "creationTimestamp"})));
  w.field(0, "Requesting User", json::str(spec, "username"));
  if (std::string signer = json::str(spec, "signerName"); !signer.empty()) w.field(0, "Signer", signer);
  if (has(spec, "expirationSeconds"))
    w.field(0, "Requested Duration", api::human_duration(seconds(json::integer(spec, "expirationSeconds"))));
  w.field(0, "Status", state_text(subject.status()));
  w.line(0, "Subject:");
  w.line(0, "\tCommon Name:\t", asks.common_name);
  w.line(0, "\tSerial Number:\t", asks.serial_number);
  put_list(w, "Organization", asks.organization);
  put_list(w, "Organizational Unit", asks.organizational_unit);
  put_list(w, "Country", asks.country);
  put_list(w, "Locality", asks.locality);
  put_list(w, "Province", asks.province);
  put_list(w, "StreetAddress", asks.street_address);
  put_list(w, "PostalCode", asks.postal_code);
  if (request->dns_names.size() + request->email_addresses.size() + request->ip_addresses.size() +
          request->uris.size() >
      0) {
    w.line(0, "Subject Alternative Names:");
    put_list(w, "DNS Names", request->dns_names);
    put_list(w, "Email Addresses", request->email_addresses);
    put_list(w, "URIs", request->uris);
    put_list(w, "IP Addresses", request->ip_addresses);
  }
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
