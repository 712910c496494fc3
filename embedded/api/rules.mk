# The API tables: types.txt and resources.txt become constant data of the api folder.
GEN_SRCS_api += $(GEN)/api/api_types.cc $(GEN)/api/api_resources.cc
$(GEN)/api/api_types.cc $(GEN)/api/api_resources.cc &: embedded/api/generate.py embedded/api/types.txt embedded/api/resources.txt
	@echo "  GEN  api tables"; mkdir -p $(GEN)/api
	$(Q)$(LOCKED) sh -ec 'rm -rf $(GEN)/api.new; $(PYTHON) embedded/api/generate.py $(GEN)/api.new; mv $(GEN)/api.new/* $(GEN)/api/; rmdir $(GEN)/api.new'
embedded/api/%: ;
