#include "api/validate_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace skerry::api {
namespace {

bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

constexpr size_t kMaxAnnotations = 256 * 1024;

}  // namespace

std::string dns_label_problem(std::string_view name) {
  if (name.size() > 63) return "must be no more than 63 bytes";
  if (!is_dns_label(name))
    return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
           "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
           "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  return "";
}

std::string dns_subdomain_problem(std::string_view name) {
  if (name.size() > 253) return "must be no more than 253 bytes";
  if (!is_dns_subdomain(name))
    return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
           "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
           "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  return "";
}

std::string dns1035_problem(std::string_view name) {
  if (name.size() > 63) return "must be no more than 63 bytes";
  bool ok = !name.empty() && name[0] >= 'a' && name[0] <= 'z' && lower_alnum(name.back()) &&
            std::all_of(name.begin(), name.end(), [](char c) { return lower_alnum(c) || c == '-'; });
  if (!ok)
    return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
           "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
           "is '[a-z]([-a-z0-9]*[a-z0-9])?')";
  return "";
}

std::string path_segment_problem(std::string_view name) {
  if (name == "." || name == "..") return "may not be '" + std::string(name) + "'";
  if (name.find('/') != std::string_view::npos) return "may not contain '/'";
  if (name.find('%') != std::string_view::npos) return "may not contain '%'";
  return "";
}

std::string qualified_name_problem(std::string_view name) {
  if (is_qualified_name(name)) return "";
  size_t slash = name.find('/');
  std::string_view part = slash == std::string_view::npos ? name : name.substr(slash + 1);
  if (slash != std::string_view::npos) {
    if (part.find('/') != std::string_view::npos)
      return "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
             "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
             "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    if (slash == 0) return "prefix part must be non-empty";
    if (std::string p = dns_subdomain_problem(name.substr(0, slash)); !p.empty()) return "prefix part " + p;
  }
  if (part.empty()) return "name part must be non-empty";
  if (part.size() > 63) return "name part must be no more than 63 bytes";
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
         "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
         "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string label_value_problem(std::string_view value) {
  if (value.size() > 63) return "must be no more than 63 bytes";
  if (!is_label_value(value))
    return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
           "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
           "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  return "";
}

std::string port_name_problem(std::string_view name) {
  if (name.size() > 15) return "must be no more than 15 bytes";
  bool ok = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return lower_alnum(c) || c == '-'; });
  if (!ok) return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  if (std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
    return "must contain at least one letter (a-z)";
  if (name.find("--") != std::string_view::npos) return "must not contain consecutive hyphens";
  if (name.front() == '-' || name.back() == '-') return "must not begin or end with a hyphen";
  return "";
}

std::string port_number_problem(int64_t port) {
  return port >= 1 && port <= 65535 ? "" : "must be between 1 and 65535, inclusive";
}

std::string env_name_problem(std::string_view name) {
  bool ok = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '='; });
  return ok ? "" : "a valid environment variable name must consist only of printable ASCII characters other than '='";
}

std::string config_key_problem(std::string_view key) {
  if (key.size() > 253) return "must be no more than 253 bytes";
  bool ok = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (!ok)
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
           "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  if (key == "." || key == "..") return "must not be '" + std::string(key) + "'";
  if (key.starts_with("..")) return "must not start with '..'";
  return "";
}

bool is_ipv4(std::string_view text) {
  in_addr address;
  return text.size() < 64 && inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool is_ip(std::string_view text) {
  in6_addr address;
  return is_ipv4(text) || (text.size() < 64 && inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1);
}

void check(FieldErrors& errors, std::string_view field, const Json& value, const std::string& problem) {
  if (!problem.empty()) errors.invalid(field, value, problem);
}

void validate_labels(FieldErrors& errors, std::string_view field, const Json& labels) {
  for (const auto& [key, value] : json::object_or_empty(labels).items()) {
    check(errors, field, key, qualified_name_problem(key));
    if (value.is_string()) check(errors, field, value, label_value_problem(value.get_ref<const std::string&>()));
  }
}

void validate_annotations(FieldErrors& errors, std::string_view field, const Json& annotations) {
  size_t size = 0;
  for (const auto& [key, value] : json::object_or_empty(annotations).items()) {
    check(errors, field, key, qualified_name_problem(to_lower(key)));
    size += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (size > kMaxAnnotations) errors.too_long(field, kMaxAnnotations);
}

void validate_label_selector(FieldErrors& errors, std::string_view field, const Json& selector) {
  validate_labels(errors, child(field, "matchLabels"), json::find(selector, "matchLabels"));
  const Json& expressions = json::array_or_empty(json::find(selector, "matchExpressions"));
  for (size_t i = 0; i < expressions.size(); ++i) {
    std::string path = index(child(field, "matchExpressions"), i);
    std::string op = json::str(expressions[i], "operator"), key = json::str(expressions[i], "key");
    const Json& values = json::array_or_empty(json::find(expressions[i], "values"));
    if (op == "In" || op == "NotIn") {
      if (values.empty()) errors.required(child(path, "values"), "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!values.empty()) errors.forbidden(child(path, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else {
      errors.invalid(child(path, "operator"), op, "not a valid selector operator");
    }
    check(errors, child(path, "key"), key, qualified_name_problem(key));
    for (size_t v = 0; v < values.size(); ++v)
      if (values[v].is_string())
        check(errors, index(child(path, "values"), v), values[v], label_value_problem(values[v].get_ref<const std::string&>()));
  }
}

void validate_non_negative(FieldErrors& errors, std::string_view field, const Json& value) {
  if (value.is_number() && value < 0) errors.invalid(field, value, "must be greater than or equal to 0");
}

void validate_choice(FieldErrors& errors, std::string_view field, const Json& value,
                     const std::vector<std::string_view>& allowed, bool required) {
  std::string text = value.is_string() ? value.get<std::string>() : "";
  if (text.empty()) {
    if (required) errors.required(field);
    return;
  }
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) errors.not_supported(field, value, allowed);
}

void validate_immutable(FieldErrors& errors, std::string_view field, const Json& value, const Json& old) {
  if (value != old) errors.invalid(field, value, "field is immutable");
}

void validate_count_or_percent(FieldErrors& errors, std::string_view field, const Json& value) {
  if (value.is_number()) return validate_non_negative(errors, field, value);
  if (!value.is_string()) return;
  std::string_view text = value.get_ref<const std::string&>();
  bool ok = text.size() > 1 && text.back() == '%' && std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
  if (!ok) errors.invalid(field, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')");
}

}  // namespace skerry::api
